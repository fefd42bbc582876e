package dev.sofa.peers.registry;

import com.alipay.sofa.registry.client.api.Publisher;
import com.alipay.sofa.registry.client.api.model.UserData;
import com.alipay.sofa.registry.client.api.registration.ConfiguratorRegistration;
import com.alipay.sofa.registry.client.api.registration.PublisherRegistration;
import com.alipay.sofa.registry.client.api.registration.SubscriberRegistration;
import com.alipay.sofa.registry.client.provider.DefaultRegistryClient;
import com.alipay.sofa.registry.client.provider.DefaultRegistryClientConfigBuilder;
import com.alipay.sofa.registry.core.model.ScopeEnum;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The real registry client: does what standard input says, a command a line, and says what happens, a JSON object a line.
 *
 * <pre>client --endpoint HOST:PORT [--zone ZONE]
 *   publish DATA VALUE|VALUE    republish DATA VALUE|VALUE    unpublish DATA
 *   subscribe DATA zone|dataCenter|global                     configure DATA</pre>
 */
public final class Main {
    private static final int MOST_WAIT_MS = 20_000;
    private static final Map<String, Publisher> publishers = new HashMap<String, Publisher>();

    private static synchronized void say(String event, String data, String rest) {
        System.out.println("{\"event\":\"" + event + "\",\"data\":" + quoted(data) + rest + "}");
        System.out.flush();
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\');
            }
            out.append(c);
        }
        return out.append('"').toString();
    }

    private static String zones(UserData data) {
        StringBuilder out = new StringBuilder(",\"zones\":{");
        String comma = "";
        for (Map.Entry<String, List<String>> zone : data.getZoneData().entrySet()) {
            out.append(comma).append(quoted(zone.getKey())).append(":[");
            String between = "";
            for (String value : zone.getValue()) {
                out.append(between).append(quoted(value));
                between = ",";
            }
            out.append(']');
            comma = ",";
        }
        return out.append('}').toString();
    }

    /** Says whether the server has what the publisher says now. */
    private static void sayRegistered(String event, String data, Publisher publisher) throws InterruptedException {
        long end = System.currentTimeMillis() + MOST_WAIT_MS;
        while (!publisher.isRegistered() && System.currentTimeMillis() < end) {
            Thread.sleep(1);
        }
        say(event, data, ",\"registered\":" + publisher.isRegistered());
    }

    private static void obey(DefaultRegistryClient client, String[] words) throws Exception {
        String data = words[1];
        if (words[0].equals("publish")) {
            publishers.put(data, client.register(new PublisherRegistration(data), words[2].split("\\|")));
            sayRegistered("published", data, publishers.get(data));
        } else if (words[0].equals("republish")) {
            publishers.get(data).republish(words[2].split("\\|"));
            sayRegistered("republished", data, publishers.get(data));
        } else if (words[0].equals("unpublish")) {
            publishers.remove(data).unregister();
            say("unpublished", data, "");
        } else if (words[0].equals("subscribe")) {
            SubscriberRegistration wanted = new SubscriberRegistration(data, (id, list) -> say("list", id, zones(list)));
            wanted.setScopeEnum(ScopeEnum.valueOf(words[2]));
            client.register(wanted);
        } else if (words[0].equals("configure")) {
            client.register(new ConfiguratorRegistration(data, (id, config) ->
                say("config", id, ",\"empty\":" + (config == null || config.getData() == null))));
        } else {
            throw new IllegalArgumentException("no command " + words[0]);
        }
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<String, String>();
        for (int i = 1; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        String[] endpoint = options.get("--endpoint").split(":");
        String zone = options.containsKey("--zone") ? options.get("--zone") : "DEFAULT_ZONE";
        DefaultRegistryClient client = new DefaultRegistryClient(DefaultRegistryClientConfigBuilder.start()
            .setRegistryEndpoint(endpoint[0]).setRegistryEndpointPort(Integer.parseInt(endpoint[1]))
            .setAppName("peer").setZone(zone).setDataCenter("DefaultDataCenter").build());
        client.init();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            obey(client, line.trim().split(" "));
        }
        System.exit(0);
    }
}
