package io.finback.verification.mesh;

import io.undertow.Undertow;
import io.undertow.server.handlers.proxy.LoadBalancingProxyClient;
import io.undertow.server.handlers.proxy.ProxyHandler;
import java.net.URI;

/** Undertow's reverse proxy as its documentation sets it up. Arguments: port, backend ports. */
public final class UndertowProxy {
    private UndertowProxy() {}

    public static void main(String[] arguments) throws Exception {
        LoadBalancingProxyClient backends = new LoadBalancingProxyClient().setConnectionsPerThread(256);
        for (int i = 1; i < arguments.length; i++) {
            backends.addHost(new URI("http://127.0.0.1:" + arguments[i]));
        }
        Undertow.builder()
                .setIoThreads(Runtime.getRuntime().availableProcessors())
                .addHttpListener(Integer.parseInt(arguments[0]), "127.0.0.1")
                .setHandler(ProxyHandler.builder()
                        .setProxyClient(backends)
                        .setMaxRequestTime(30_000)
                        .build())
                .build()
                .start();
    }
}
