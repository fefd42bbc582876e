package dev.sofa.peers;

import com.alipay.remoting.InvokeContext;
import com.alipay.remoting.rpc.RpcClient;
import com.alipay.sofa.rpc.config.ApplicationConfig;
import com.alipay.sofa.rpc.config.ProviderConfig;
import com.alipay.sofa.rpc.config.ServerConfig;
import com.alipay.sofa.rpc.context.RpcInvokeContext;
import com.alipay.sofa.rpc.core.exception.SofaRpcException;
import dev.sofa.bank.AccountService;
import dev.sofa.bank.AccountServiceImpl;
import dev.sofa.bank.EchoService;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;

/** What an ordinary run does not show: answers of a full or failing server, and what a client makes of each status. */
final class BoltExtra {
    private static final int[] STATUSES = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x11, 0x12, 0x13, 0xff, 0x7fff};
    private final BoltCapture capture;

    /** An answer that no serializer can write. */
    static final class Unwritable extends java.util.HashMap<Object, Object> {
        @Override
        public java.util.Set<java.util.Map.Entry<Object, Object>> entrySet() {
            throw new IllegalStateException("asked not to be written");
        }
    }

    BoltExtra(BoltCapture capture) { this.capture = capture; }

    void run() throws Exception {
        busy();
        unwritable();
        for (final int status : STATUSES) {
            final int port = answerAll(status);
            capture.scenario(String.format("status-%04x", status), port, false, new BoltCapture.Act() {
                @Override
                public void go(Tap t) throws Exception { typed(echo(t)); }
            });
        }
        newTrace();
        responseBaggage();
        capture.finish();
    }

    /** To a provider that says it is of 5.1 or later the whole span goes as one text. */
    private void newTrace() throws Exception {
        final int port = BoltCapture.freePort();
        PeerServer.export(new Opts(("--port " + port).split(" ")), port);
        capture.scenario("new-trace", port, false, new BoltCapture.Act() {
            @Override
            public void go(Tap t) throws Exception {
                EchoService echo = PeerClient.consumer(new Opts(new String[] {"--addr", "127.0.0.1:" + t.port + "?rpcVer=51302"}),
                    EchoService.class, "sync").refer();
                echo.echo("one");
                echo.echo("two");
            }
        });
    }

    private void responseBaggage() throws Exception {
        final int port = BoltCapture.freePort();
        ServerConfig server = new ServerConfig().setProtocol("bolt").setHost("127.0.0.1").setPort(port).setDaemon(false);
        new ProviderConfig<AccountService>().setApplication(new ApplicationConfig().setAppName("sofa-peers-server"))
            .setInterfaceId(AccountService.class.getName()).setServer(server).setRegister(false)
            .setRepeatedExportLimit(-1).setRef(new AccountServiceImpl() {
                @Override
                public Object any(Object value) {
                    RpcInvokeContext.getContext().putResponseBaggage("tenant", "t31");
                    if (value == null) {
                        throw new IllegalStateException("asked for nothing");
                    }
                    return value;
                }
            }).export();
        capture.scenario("response-baggage", port, false, new BoltCapture.Act() {
            @Override
            public void go(Tap t) throws Exception {
                AccountService account = capture.to(t, AccountService.class, "sync", "").refer();
                account.any("something");
                String back = RpcInvokeContext.getContext().getResponseBaggage("tenant");
                try {
                    account.any(null);
                } catch (IllegalStateException e) {
                    throw new BoltCapture.Saw("tenant=" + back + ", then " + e.getMessage());
                }
            }
        });
    }

    private EchoService echo(Tap t) { return capture.to(t, EchoService.class, "sync", "").refer(); }

    /** The outcome of a call with SOFARPC's number for the error. */
    private static void typed(EchoService echo) throws Exception {
        try {
            echo.echo("is anybody there");
        } catch (SofaRpcException e) {
            throw new BoltCapture.Saw(e.getClass().getName() + " type " + e.getErrorType() + ": " + e.getMessage());
        }
    }

    /** One worker, one place to wait: while one call sleeps and one waits, the pool refuses. */
    private void busy() throws Exception {
        final int port = BoltCapture.freePort();
        PeerServer.export(new Opts(("--biz-threads 1 --biz-queue 1 --port " + port).split(" ")), port);
        // a first call takes long enough to bunch the calls below
        PeerClient.consumer(new Opts(new String[] {"--addr", "127.0.0.1:" + port}), EchoService.class, "sync").refer().echo("warm");
        capture.scenario("busy-v1", port, false, new BoltCapture.Act() {
            @Override
            public void go(Tap t) throws Exception {
                final EchoService echo = echo(t);
                Thread[] slow = occupy(echo);
                try {
                    typed(echo);
                } finally {
                    slow[1].join();
                }
            }
        });
        final RpcClient c = new RpcClient();
        c.startup();
        capture.scenario("busy-v2crc", port, false, new BoltCapture.Act() {
            @Override
            public void go(Tap t) throws Exception {
                Thread[] slow = occupy(echo(t));
                InvokeContext ctx = new InvokeContext();
                ctx.put("sofa_head_target_service", EchoService.class.getName() + ":1.0");
                ctx.put("sofa_head_method_name", "echo");
                try {
                    c.invokeSync("127.0.0.1:" + t.port + "?_PROTOCOL=2&_VERSION=2", capture.sofaRequest(EchoService.class, "echo",
                        new String[] {"java.lang.String"}, "hello"), ctx, 3000);
                } finally {
                    slow[1].join();
                }
            }
        });
        c.shutdown();
    }

    private static Thread[] occupy(final EchoService echo) throws Exception {
        Thread[] slow = new Thread[2];
        for (int i = 0; i < slow.length; i++) {
            final String text = "occupied " + i;
            slow[i] = new Thread(new Runnable() {
                @Override
                public void run() { echo.slowEcho(text, 800); }
            });
            slow[i].start();
            Thread.sleep(300);
        }
        return slow;
    }

    private void unwritable() throws Exception {
        final int port = BoltCapture.freePort();
        ServerConfig server = new ServerConfig().setProtocol("bolt").setHost("127.0.0.1").setPort(port).setDaemon(false);
        new ProviderConfig<AccountService>().setApplication(new ApplicationConfig().setAppName("sofa-peers-server"))
            .setInterfaceId(AccountService.class.getName()).setServer(server).setRegister(false)
            .setRepeatedExportLimit(-1).setRef(new AccountServiceImpl() {
                @Override
                public Object any(Object value) { return new Unwritable(); }
            }).export();
        capture.scenario("unwritable-answer", port, false, new BoltCapture.Act() {
            @Override
            public void go(Tap t) throws Exception {
                try {
                    capture.to(t, AccountService.class, "sync", "").refer().any(1);
                } catch (SofaRpcException e) {
                    throw new BoltCapture.Saw(e.getClass().getName() + " type " + e.getErrorType() + ": " + e.getMessage());
                }
            }
        });
    }

    /** A server of ours that gives every v1 request an answer without class, header and content. */
    private static int answerAll(final int status) throws IOException {
        final ServerSocket listen = new ServerSocket(0, 4, InetAddress.getByName("127.0.0.1"));
        Thread t = new Thread(new Runnable() {
            @Override
            public void run() {
                try {
                    while (true) {
                        final Socket s = listen.accept();
                        DataInputStream in = new DataInputStream(s.getInputStream());
                        byte[] head = new byte[22];
                        in.readFully(head);
                        ByteBuffer b = ByteBuffer.wrap(head);
                        in.readFully(new byte[b.getShort(14) + b.getShort(16) + b.getInt(18)]);
                        ByteBuffer out = ByteBuffer.allocate(20);
                        out.put((byte) 1).put((byte) 0).putShort((short) 2).put((byte) 1).putInt(b.getInt(5)).put((byte) 1)
                            .putShort((short) status);
                        s.getOutputStream().write(out.array());
                        s.getOutputStream().flush();
                    }
                } catch (IOException e) {
                    // the scenario is over
                }
            }
        });
        t.setDaemon(true);
        t.start();
        return listen.getLocalPort();
    }
}
