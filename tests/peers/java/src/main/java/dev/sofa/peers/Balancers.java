package dev.sofa.peers;

import com.alipay.sofa.rpc.bootstrap.Bootstraps;
import com.alipay.sofa.rpc.bootstrap.ConsumerBootstrap;
import com.alipay.sofa.rpc.client.LoadBalancer;
import com.alipay.sofa.rpc.client.LoadBalancerFactory;
import com.alipay.sofa.rpc.client.ProviderHelper;
import com.alipay.sofa.rpc.client.ProviderInfo;
import com.alipay.sofa.rpc.config.ConsumerConfig;
import com.alipay.sofa.rpc.core.request.SofaRequest;
import dev.sofa.bank.EchoService;
import java.io.File;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** golden --what balancers: which provider the real consistent hash balancers choose for a key, as rpc/balancers.json. */
final class Balancers {
    private static final String[] NAMES = {"consistentHash", "weightConsistentHash"};
    private static final int KEYS = 400;

    private final ConsumerBootstrap<EchoService> bootstrap;
    private final List<String> cases = new ArrayList<String>();
    private final List<String> keys = new ArrayList<String>();

    Balancers(Opts o, long seed) {
        bootstrap = Bootstraps.from(PeerClient.consumer(o, EchoService.class, "sync"));
        Random random = new Random(seed);
        keys.addAll(Arrays.asList("", "0", "alice", "bob", "\u94f6\u884c", "\ud83d\ude00", "a b\tc",
            String.join("", Collections.nCopies(55, "x")), String.join("", Collections.nCopies(56, "x")),
            String.join("", Collections.nCopies(64, "x")), String.join("", Collections.nCopies(1000, "y"))));
        while (keys.size() < KEYS) {
            keys.add("account-" + (keys.size() % 2 == 0 ? keys.size() : random.nextInt()));
        }
    }

    void run(File folder) throws Exception {
        folder.mkdirs();
        for (int size : new int[] {1, 2, 5, 10, 100}) {
            List<String> even = new ArrayList<String>();
            List<String> uneven = new ArrayList<String>();
            for (int i = 0; i < size; i++) {
                even.add("bolt://10.0." + i / 7 + "." + (i + 1) + ":12200");
                uneven.add("bolt://10.1.0." + (i + 1) + ":" + (12200 + i % 3) + "?weight=" + new int[] {100, 1, 200, 37, 5}[i % 5]);
            }
            record("even-" + size, even);
            record("uneven-" + size, uneven);
            if (size > 1) {
                even.remove(size / 2);
                record("even-" + size + "-less-one", even);
                uneven.remove(size / 2);
                record("uneven-" + size + "-less-one", uneven);
            }
        }
        record("names", Arrays.asList("bolt://bank-1.bank.svc:12200", "bolt://bank-2.bank.svc:12200?weight=50", "bolt://localhost:80",
            "bolt://BANK:1", "bolt://bank-1.bank.svc:12201"));
        // "10.0.0.1" + 12 + 0 and "10.0.0.1" + 1 + 20 are one text, so one point: the later provider has it.
        record("one-point", Arrays.asList("bolt://10.0.0.1:12?weight=10", "bolt://10.0.0.1:1?weight=10", "bolt://10.0.0.1:122?weight=10"));
        record("one-point-turned", Arrays.asList("bolt://10.0.0.1:122?weight=10", "bolt://10.0.0.1:1?weight=10", "bolt://10.0.0.1:12?weight=10"));
        record("weight-0", Arrays.asList("bolt://10.0.0.1:1?weight=0", "bolt://10.0.0.2:1?weight=10", "bolt://10.0.0.3:1?weight=0"));
        PrintWriter out = new PrintWriter(new File(folder, "balancers.json"), "UTF-8");
        out.print("{\"keys\":" + texts(keys) + ",\n\"cases\":[\n" + String.join(",\n", cases) + "],\n\"arguments\":[\n");
        out.print(String.join(",\n", arguments()) + "]}\n");
        out.close();
    }

    private void record(String name, List<String> urls) {
        for (String balancer : NAMES) {
            // A balancer keeps its ring while the list's hash is the same, and that leaves the weights out: a new one each.
            LoadBalancer made = LoadBalancerFactory.getLoadBalancer(bootstrap, balancer);
            List<ProviderInfo> providers = providers(urls);
            List<String> chosen = new ArrayList<String>();
            for (String key : keys) {
                chosen.add(String.valueOf(providers.indexOf(made.select(request(key), providers))));
            }
            cases.add("{\"name\":\"" + name + "\",\"balancer\":\"" + balancer + "\",\"providers\":" + texts(urls) + ",\"chosen\":["
                + String.join(",", chosen) + "]}");
        }
    }

    /** What becomes of arguments that are no strings: chosen among the ten of even-10. */
    private List<String> arguments() {
        List<String> urls = new ArrayList<String>();
        for (int i = 0; i < 10; i++) {
            urls.add("bolt://10.0." + i / 7 + "." + (i + 1) + ":12200");
        }
        List<ProviderInfo> providers = providers(urls);
        Object[][] lists = {{}, null, {null}, {"alice", "bob"}, {42}, {-7L}, {Long.MIN_VALUE}, {(short) 3}, {(byte) -1}, {true}, {'c'}, {1.5d},
            {100.0d}, {1e10d}, {0.1f}, {new BigDecimal("100.50")}, {new BigDecimal("1E+3")}, {new BigDecimal("0.0000001")},
            {new BigInteger("123456789012345678901234567890")}, {Arrays.asList("a", 1)}, {dev.sofa.bank.Currency.values()[0]},
            {new dev.sofa.bank.TransferRequest()}, {new byte[] {1, 2}}};
        List<String> out = new ArrayList<String>();
        for (Object[] args : lists) {
            SofaRequest request = request("");
            request.setMethodArgs(args);
            boolean none = args == null || args.length == 0;
            String type = none ? "none" : args[0] == null ? "null" : args[0].getClass().getName();
            String line = "{\"type\":\"" + type + "\"";
            try {
                LoadBalancer made = LoadBalancerFactory.getLoadBalancer(bootstrap, NAMES[0]);
                int chosen = providers.indexOf(made.select(request, providers));
                String text = none ? "" : args[0].toString();
                // An identity hash is another one in each process: nothing to compare.
                boolean lasting = !text.contains("@");
                line += lasting ? ",\"text\":" + text(text) + ",\"chosen\":" + chosen : ",\"text\":\"(the identity hash)\"";
            } catch (RuntimeException e) {
                line += ",\"throws\":\"" + e.getClass().getName() + "\"";
            }
            out.add(line + "}");
        }
        return out;
    }

    private static List<ProviderInfo> providers(List<String> urls) {
        List<ProviderInfo> out = new ArrayList<ProviderInfo>();
        for (String url : urls) {
            out.add(ProviderHelper.toProviderInfo(url));
        }
        return out;
    }

    private static SofaRequest request(String key) {
        SofaRequest request = new SofaRequest();
        request.setInterfaceName(EchoService.class.getName());
        request.setMethodName("echo");
        request.setTargetServiceUniqueName(EchoService.class.getName() + ":1.0");
        request.setMethodArgs(new Object[] {key});
        return request;
    }

    private static String texts(List<String> all) {
        List<String> quoted = new ArrayList<String>();
        for (String one : all) {
            quoted.add(text(one));
        }
        return "[" + String.join(",", quoted) + "]";
    }

    private static String text(String value) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
