package dev.sofa.peers.boot;

import com.alipay.sofa.runtime.api.annotation.SofaReference;
import com.alipay.sofa.runtime.api.annotation.SofaService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A SOFABoot application that publishes a service in its process and refers to it. */
@Configuration
@EnableAutoConfiguration
public class BootHost {
    private static final long WARM_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long BATCH = 100_000;
    private static final long CALLS = 10_000_000;

    @SofaReference
    private Counter counter;

    @Bean
    @SofaService
    static Counter published() { return n -> n + 1; }

    private static Counter start() {
        return new SpringApplicationBuilder(BootHost.class).bannerMode(Banner.Mode.OFF)
            .properties("spring.application.name=sofa-peers-boot").run().getBean(BootHost.class).counter;
    }

    static void ready() throws InterruptedException {
        check(start(), 1);
        System.out.println("READY");
        Thread.currentThread().join(); // until it is stopped
    }

    static void call(int threads) throws Exception {
        Counter counter = start();
        CyclicBarrier warm = new CyclicBarrier(threads);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<Double>> costs = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            costs.add(pool.submit(() -> {
                for (long begin = System.nanoTime(); System.nanoTime() - begin < WARM_NANOS; ) {
                    check(counter, BATCH);
                }
                warm.await();
                long begin = System.nanoTime();
                check(counter, CALLS);
                return (double) (System.nanoTime() - begin) / CALLS;
            }));
        }
        double worst = 0;
        for (Future<Double> cost : costs) {
            worst = Math.max(worst, cost.get());
        }
        System.out.printf("{\"ns\":%.2f}%n", worst);
    }

    private static void check(Counter counter, long calls) {
        long n = 0;
        for (long i = 0; i < calls; i++) {
            n = counter.add(n);
        }
        if (n != calls) {
            throw new IllegalStateException("wrong answers");
        }
    }
}
