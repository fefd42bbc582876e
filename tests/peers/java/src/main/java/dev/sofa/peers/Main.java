package dev.sofa.peers;

import java.util.Arrays;

/** The peer: serves the bank, calls it with checks, and loads it. What needs a recent Bolt is in {@link Tools}. */
public final class Main {
    private Main() { }

    public static void main(String[] args) throws Exception {
        keepLogsTogether();
        String what = args.length == 0 ? "help" : args[0];
        Opts o = new Opts(args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length));
        if ("server".equals(what)) {
            PeerServer.main(o);
        } else if ("client".equals(what)) {
            System.exit(PeerClient.main(o));
        } else if ("bench".equals(what)) {
            Bench.main(o);
            System.exit(0);
        } else {
            System.err.println("usage: server | client | bench  (see README.md)");
            System.exit(2);
        }
    }

    /** The family's libraries write files below logging.path, by default in the home directory. */
    static void keepLogsTogether() {
        if (System.getProperty("logging.path") == null) {
            System.setProperty("logging.path", System.getProperty("java.io.tmpdir") + "/sofa-peers-logs");
        }
    }
}
