package dev.sofa.peers.boot;

import java.util.function.LongUnaryOperator;

/** All of a small biz, each with a copy of this class. What it offers is of a class of the JDK, so that all know it. */
public final class CounterBiz {
    public static volatile LongUnaryOperator service;

    private CounterBiz() { }

    public static void main(String[] version) {
        long number = Long.parseLong(version[0]);
        service = n -> n + number;
    }
}
