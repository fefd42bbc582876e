package dev.sofa.peers;

import java.util.Arrays;

/** Bolt without SOFARPC above it, and the writer of golden data. Not built for older versions of the family. */
public final class Tools {
    private Tools() { }

    public static void main(String[] args) throws Exception {
        Main.keepLogsTogether();
        String what = args.length == 0 ? "help" : args[0];
        Opts o = new Opts(args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length));
        if ("raw-server".equals(what)) {
            RawBolt.server(o);
        } else if ("raw-bench".equals(what)) {
            RawBolt.bench(o);
            System.exit(0);
        } else if ("golden".equals(what)) {
            System.setProperty("bolt.tcp.heartbeat.interval", "1000");
            System.setProperty("invoke.baggage.enable", "true");
            try {
                Golden.main(o);
            } catch (Throwable e) {
                e.printStackTrace();
                System.exit(1);
            }
            System.exit(0);
        } else {
            System.err.println("usage: raw-server | raw-bench | golden  (see README.md)");
            System.exit(2);
        }
    }
}
