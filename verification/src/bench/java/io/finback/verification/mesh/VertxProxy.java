package io.finback.verification.mesh;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.httpproxy.HttpProxy;

/** Vert.x' http-proxy, one instance per processor. Arguments: port, backend ports. */
public final class VertxProxy {
    private VertxProxy() {}

    public static void main(String[] arguments) {
        Vertx.vertx()
                .deployVerticle(
                        () -> new AbstractVerticle() {
                            private int turn;

                            @Override
                            public void start() {
                                HttpClient client = vertx.createHttpClient(new HttpClientOptions().setMaxPoolSize(512));
                                HttpProxy proxy = HttpProxy.reverseProxy(client);
                                proxy.originSelector(request -> Future.succeededFuture(SocketAddress.inetSocketAddress(
                                        Integer.parseInt(arguments[1 + turn++ % (arguments.length - 1)]), "127.0.0.1")));
                                vertx.createHttpServer()
                                        .requestHandler(proxy)
                                        .listen(Integer.parseInt(arguments[0]), "127.0.0.1");
                            }
                        },
                        new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors()));
    }
}
