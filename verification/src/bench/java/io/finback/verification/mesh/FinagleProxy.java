package io.finback.verification.mesh;

import com.twitter.finagle.Http;
import com.twitter.finagle.Service;
import com.twitter.finagle.http.Request;
import com.twitter.finagle.http.Response;
import com.twitter.util.Await;
import java.util.ArrayList;
import java.util.List;

/** Finagle's HTTP client behind its HTTP server, all defaults. Arguments: port, backend ports. */
public final class FinagleProxy {
    private FinagleProxy() {}

    public static void main(String[] arguments) throws Exception {
        List<String> backends = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            backends.add("127.0.0.1:" + arguments[i]);
        }
        Service<Request, Response> client = Http.client().newService(String.join(",", backends), "backend");
        Await.ready(Http.server().serve("127.0.0.1:" + arguments[0], client));
    }
}
