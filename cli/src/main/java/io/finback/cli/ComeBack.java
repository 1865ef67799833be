package io.finback.cli;

import com.typesafe.config.Config;
import io.finback.settings.ClusterSettings;
import io.finback.settings.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A master whose last life was cut off lets the others take over first ({@code finback.cluster.return-after}). */
final class ComeBack {
    private static final Duration CONNECT = Duration.ofSeconds(1);

    private final ClusterSettings cluster;
    private final Screen screen;

    ComeBack(Config config, Screen screen) {
        this.cluster = ClusterSettings.from(config);
        this.screen = screen;
    }

    /** Returns when this master may start; false: it was told to stop instead. */
    boolean await(CompletionStage<Void> stop) throws InterruptedException, ExecutionException {
        Duration wait = cluster.returnAfter();
        if (wait.isZero() || cluster.seeds().stream().noneMatch(this::answers)) {
            return true;
        }
        screen.say("This master ended without being stopped; it starts in " + wait.toSeconds()
                + " s, when the others have taken over what it ran (finback.cluster.return-after).");
        try {
            var unused = stop.toCompletableFuture().get(wait.toMillis(), TimeUnit.MILLISECONDS);
            return false;
        } catch (TimeoutException over) {
            return true;
        }
    }

    private boolean answers(HostPort seed) {
        boolean self = seed.host().equals(cluster.listen().host())
                && seed.port() == cluster.listen().port();
        if (self) {
            return false;
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(seed.host(), seed.port()), (int) CONNECT.toMillis());
            return true;
        } catch (IOException nobody) {
            return false;
        }
    }
}
