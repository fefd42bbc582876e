package dev.sofa.peers.boot;

import com.alipay.sofa.ark.api.ArkClient;
import com.alipay.sofa.ark.api.ClientResponse;
import com.alipay.sofa.ark.api.ResponseCode;
import com.alipay.sofa.ark.container.ArkContainer;
import com.alipay.sofa.ark.spi.model.Biz;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A process that is an Ark container's master biz (the embedded form, which Koupleless uses), with small biz in it. */
final class ArkHost {
    private static final String NAME = "counter";

    private final Map<String, LongUnaryOperator> services = new ConcurrentHashMap<>(); // by version

    private ArkHost() {
        System.setProperty("sofa.ark.embed.enable", "true");
        System.setProperty("com.alipay.sofa.ark.master.biz", "host");
        System.setProperty("sofa.ark.telnet.server.enable", "false");
        String classes = ArkHost.class.getProtectionDomain().getCodeSource().getLocation().toExternalForm();
        ArkContainer.main(new String[] {"-Aclasspath=" + classes, "-BclassName=" + Main.class.getName(), "-BmethodName=main"});
    }

    static void install(int count) throws Throwable {
        ArkHost host = new ArkHost();
        host.install(NAME + 0, 1); // the first one loads Ark's own classes
        long before = used();
        double[] took = new double[count];
        for (int i = 0; i < count; i++) {
            took[i] = host.install(NAME + (i + 1), 1);
        }
        long each = (used() - before) / count;
        Arrays.sort(took);
        System.out.printf("{\"p50_us\":%.1f,\"bytes\":%d}%n", took[count / 2], each);
    }

    static void exchange(int count) throws Throwable {
        ArkHost host = new ArkHost();
        host.install(NAME, 1);
        AtomicInteger round = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        List<Caller> callers = new ArrayList<>();
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            callers.add(new Caller(host, round));
            ends.add(pool.submit(callers.get(i)));
        }
        for (int i = 0; i < count; i++) {
            int next = i % 2 == 0 ? 2 : 1;
            host.install(NAME, next);
            done(ArkClient.switchBiz(NAME, Integer.toString(next)));
            done(ArkClient.uninstallBiz(NAME, Integer.toString(3 - next)));
            round.incrementAndGet();
        }
        round.set(Caller.STOP);
        long calls = 0;
        long failed = 0;
        List<Double> gaps = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            ends.get(i).get();
            calls += callers.get(i).calls;
            failed += callers.get(i).failed;
            gaps.addAll(callers.get(i).gaps);
        }
        Collections.sort(gaps);
        System.out.printf("{\"calls\":%d,\"failed\":%d,\"gap_p99_us\":%.1f}%n", calls, failed, gaps.get(gaps.size() * 99 / 100));
    }

    /** Calls without a pause, and keeps the longest time between two answers in each round. */
    private static final class Caller implements Runnable {
        static final int STOP = -1;

        private final ArkHost host;
        private final AtomicInteger round;
        private final List<Double> gaps = new ArrayList<>();
        private long calls;
        private long failed;

        Caller(ArkHost host, AtomicInteger round) {
            this.host = host;
            this.round = round;
        }

        @Override
        public void run() {
            long last = System.nanoTime();
            long longest = 0;
            for (int seen = 0, now = 0; now != STOP; now = round.get()) {
                if (now != seen) {
                    gaps.add(longest / 1e3);
                    longest = 0;
                    seen = now;
                }
                calls++;
                LongUnaryOperator service = host.active();
                long answer = service == null ? 0 : service.applyAsLong(10);
                if (answer != 11 && answer != 12) {
                    failed++;
                    continue;
                }
                long time = System.nanoTime();
                longest = Math.max(longest, time - last);
                last = time;
            }
        }
    }

    /** The service of the active version, as SOFABoot's callers in another biz find it; null when no version is active. */
    private LongUnaryOperator active() {
        Biz biz = ArkClient.getBizManagerService().getActiveBiz(NAME);
        return biz == null ? null : services.get(biz.getBizVersion());
    }

    /** Microseconds until the biz has started. */
    private double install(String name, int version) throws Throwable {
        String number = Integer.toString(version);
        Path file = file(name, number);
        long begin = System.nanoTime();
        done(ArkClient.installBiz(file.toFile(), new String[] {number}));
        double took = (System.nanoTime() - begin) / 1e3;
        ClassLoader loader = ArkClient.getBizManagerService().getBiz(name, number).getBizClassLoader();
        services.put(number, (LongUnaryOperator) loader.loadClass(CounterBiz.class.getName()).getField("service").get(null));
        return took;
    }

    /** The jar of a biz. Ark unpacks it beside itself and deletes it, so each one that is installed needs its own. */
    private Path file(String name, String version) throws IOException {
        Manifest manifest = new Manifest();
        Attributes says = manifest.getMainAttributes();
        says.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        says.put(Attributes.Name.MAIN_CLASS, CounterBiz.class.getName());
        says.putValue("Ark-Biz-Name", name);
        says.putValue("Ark-Biz-Version", version);
        String entry = CounterBiz.class.getName().replace('.', '/') + ".class";
        Path file = Files.createTempFile(name, ".jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest);
             InputStream bytes = ArkHost.class.getClassLoader().getResourceAsStream(entry)) {
            out.putNextEntry(new JarEntry(entry));
            byte[] buffer = new byte[8192];
            for (int size = bytes.read(buffer); size > 0; size = bytes.read(buffer)) {
                out.write(buffer, 0, size);
            }
        }
        return file;
    }

    private static void done(ClientResponse answer) {
        if (answer.getCode() != ResponseCode.SUCCESS) {
            throw new IllegalStateException(answer.getMessage());
        }
    }

    /** Bytes of heap and metaspace that are in use when all garbage is gone. */
    private static long used() {
        System.gc();
        long sum = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (pool.getName().equals("Metaspace")) {
                sum += pool.getUsage().getUsed();
            }
        }
        return sum;
    }
}
