package io.finback.meshrouter.rpc.mux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.TestKey;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.mux.MuxParams.Level;
import io.finback.meshrouter.rpc.mux.MuxParams.Tls;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS from the first byte, and negotiated in the handshake. */
@Timeout(60)
class MuxTlsTest {
    private static SslContext serverContext;
    private static SslContext clientContext;

    @BeforeAll
    static void makeAKey(@TempDir Path directory) throws Exception {
        TestKey key = TestKey.make(directory);
        serverContext = key.server().build();
        clientContext = key.client().build();
    }

    private static Listening serve(Optional<Level> level) {
        Server<byte[], byte[]> server = Mux.server();
        return level.map(tls -> server.with(MuxParams.TLS, Optional.of(new Tls(serverContext, tls))))
                .orElse(server)
                .serve("127.0.0.1:0", Service.of(body -> body));
    }

    private static Service<byte[], byte[]> client(Optional<Level> level, Listening server) {
        Client<byte[], byte[]> client = Mux.client();
        return level.map(tls -> client.with(MuxParams.TLS, Optional.of(new Tls(clientContext, tls))))
                .orElse(client)
                .newService("127.0.0.1:" + server.port(), "tls");
    }

    @Test
    void sidesThatAgreeTalk() {
        Level[][] pairs = {
            {Level.ALWAYS, Level.ALWAYS},
            {Level.REQUIRED, Level.REQUIRED},
            {Level.DESIRED, Level.REQUIRED},
            {Level.DESIRED, Level.DESIRED},
            {null, Level.DESIRED},
            {Level.DESIRED, null}
        };
        for (Level[] pair : pairs) {
            try (Listening server = serve(Optional.ofNullable(pair[0]))) {
                byte[] large = new byte[100_000];
                assertThat(client(Optional.ofNullable(pair[1]), server)
                                .call(large)
                                .join())
                        .as("server %s, client %s", pair[0], pair[1])
                        .isEqualTo(large);
            }
        }
    }

    @Test
    void sidesThatDoNotAgreeDoNot() {
        try (Listening plain = serve(Optional.empty());
                Listening strict = serve(Optional.of(Level.REQUIRED))) {
            assertThatThrownBy(() -> client(Optional.of(Level.REQUIRED), plain)
                            .call(new byte[1])
                            .join())
                    .isInstanceOf(Failure.NotConnected.class)
                    .hasMessageContaining("TLS: this side says required, the other off");
            assertThatThrownBy(() ->
                            client(Optional.empty(), strict).call(new byte[1]).join())
                    .isInstanceOf(Failure.NotConnected.class)
                    .hasMessageContaining("TLS: this side says off, the other required");
        }
    }
}
