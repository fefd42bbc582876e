package dev.sofa.bank;

import com.alipay.common.tracer.core.context.span.SofaTracerSpanContext;
import com.alipay.common.tracer.core.holder.SofaTraceContextHolder;
import com.alipay.common.tracer.core.span.SofaTracerSpan;
import com.alipay.sofa.rpc.config.ApplicationConfig;
import com.alipay.sofa.rpc.config.ConsumerConfig;
import com.alipay.sofa.rpc.context.RpcInvokeContext;
import com.alipay.sofa.rpc.core.exception.SofaRpcException;
import com.alipay.sofa.rpc.core.request.SofaRequest;
import com.alipay.sofa.rpc.core.response.SofaResponse;
import com.alipay.sofa.rpc.filter.Filter;
import com.alipay.sofa.rpc.filter.FilterInvoker;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Leaves everything to SOFARPC and its tracer: one thread from the call that comes to the calls that it makes. */
public final class ContextServiceImpl implements ContextService {
    private static final ThreadLocal<Map<String, Object>> PROPS = new ThreadLocal<Map<String, Object>>();
    private final Map<String, ContextService> known = new ConcurrentHashMap<String, ContextService>();

    /** Where a service that wants to see custom headers finds them. */
    public static final class Props extends Filter {
        @Override
        public SofaResponse invoke(FilterInvoker invoker, SofaRequest request) throws SofaRpcException {
            PROPS.set(request.getRequestProps());
            try {
                return invoker.invoke(request);
            } finally {
                PROPS.remove();
            }
        }
    }

    @Override
    public String pass(String path) {
        String seen = seen();
        RpcInvokeContext.getContext().putResponseBaggage("from-java", "yes");
        return path.isEmpty() ? seen : seen + "\n" + call(path);
    }

    @Override
    public String begin(final String path) {
        final String[] said = new String[1];
        Thread origin = new Thread(new Runnable() {
            @Override
            public void run() {
                RpcInvokeContext context = RpcInvokeContext.getContext();
                context.putRequestBaggage("tenant", "of-java");
                String answer = call(path);
                said[0] = answer + "\nback=" + new TreeMap<String, String>(context.getAllResponseBaggage());
            }
        });
        origin.start();
        try {
            origin.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return said[0];
    }

    private static String seen() {
        SofaTracerSpan span = SofaTraceContextHolder.getSofaTraceContext().getCurrentSpan();
        SofaTracerSpanContext trace = span.getSofaTracerSpanContext();
        StringBuilder s = new StringBuilder("who=java");
        field(s, "trace", trace.getTraceId());
        field(s, "rpc", trace.getSpanId());
        field(s, "sampled", trace.isSampled());
        field(s, "pen", new TreeMap<String, String>(trace.getBizBaggage()));
        field(s, "sys", new TreeMap<String, String>(trace.getSysBaggage()));
        field(s, "baggage", new TreeMap<String, String>(RpcInvokeContext.getContext().getAllRequestBaggage()));
        for (Map.Entry<String, Object> prop : new TreeMap<String, Object>(PROPS.get()).entrySet()) {
            if (prop.getValue() instanceof String || prop.getValue() instanceof Integer) {
                field(s, prop.getKey(), prop.getValue());
            }
        }
        Object deadline = newer("getDeadline", null, null);
        if (deadline != null) {
            field(s, "left", (Long) deadline - System.currentTimeMillis());
        }
        return s.toString();
    }

    private static void field(StringBuilder s, String name, Object value) {
        s.append('\t').append(name).append('=').append(value);
    }

    private String call(String path) {
        int comma = path.indexOf(',');
        String next = comma < 0 ? path : path.substring(0, comma);
        newer("addCustomHeader", "x-from-java", "yes");
        return service(next).pass(comma < 0 ? "" : path.substring(comma + 1));
    }

    private ContextService service(String at) {
        ContextService service = known.get(at);
        if (service == null) {
            int slash = at.indexOf('/');
            service = new ConsumerConfig<ContextService>().setApplication(new ApplicationConfig().setAppName("sofa-peers-server"))
                .setInterfaceId(ContextService.class.getName()).setProtocol("bolt").setRegister(false).setTimeout(3000)
                .setDirectUrl("bolt://" + (slash < 0 ? at : at.substring(0, slash)))
                .setUniqueId(slash < 0 ? "" : at.substring(slash + 1)).setRepeatedReferLimit(-1).refer();
            known.put(at, service);
        }
        return service;
    }

    /** Calls what RpcInvokeContext has in later versions only; null where it has not. */
    private static Object newer(String method, String a, String b) {
        try {
            RpcInvokeContext context = RpcInvokeContext.getContext();
            return a == null ? RpcInvokeContext.class.getMethod(method).invoke(context)
                : RpcInvokeContext.class.getMethod(method, String.class, String.class).invoke(context, a, b);
        } catch (NoSuchMethodException e) {
            return null;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
