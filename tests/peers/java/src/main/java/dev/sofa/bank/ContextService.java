package dev.sofa.bank;

/** Tells what a call's context says where it arrives, one line a hop: `who=java`, `trace=…`, … between tabs. */
public interface ContextService {
    /** @param path where to call on, `HOST:PORT[/UNIQUE_ID]` between commas; empty: nowhere */
    String pass(String path);

    /** The same as the first of all callers: in a thread that belongs to no call. The last line is the answers' baggage. */
    String begin(String path);
}
