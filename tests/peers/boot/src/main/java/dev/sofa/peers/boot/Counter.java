package dev.sofa.peers.boot;

/** The smallest service there is: bench/boot/counter_service.h's counterpart. */
public interface Counter {
    long add(long n);
}
