package dev.sofa.peers.boot;

/**
 * What modules cost on the JVM, measured as bench/boot/module_cost.cc measures ours; all but the first print a JSON line:
 *   ready             starts a SOFABoot application, says READY, and stays until it is stopped
 *   call THREADS      nanoseconds of an in-process call through SOFABoot's reference
 *   install COUNT     microseconds to install one more biz in an Ark host, p50, and the bytes that it holds
 *   switch COUNT      calls of two threads while versions of a biz are exchanged
 * What the libraries write and unpack goes below java.io.tmpdir.
 */
public final class Main {
    private Main() { }

    public static void main(String[] args) throws Throwable {
        System.setProperty("logging.path", System.getProperty("java.io.tmpdir"));
        String what = args.length == 0 ? "help" : args[0];
        int count = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        if ("ready".equals(what)) {
            BootHost.ready();
        } else if ("call".equals(what) && count > 0) {
            BootHost.call(count);
        } else if ("install".equals(what) && count > 0) {
            ArkHost.install(count);
        } else if ("switch".equals(what) && count > 0) {
            ArkHost.exchange(count);
        } else {
            System.err.println("usage: ready | call THREADS | install COUNT | switch COUNT");
            System.exit(2);
        }
        System.exit(0);
    }
}
