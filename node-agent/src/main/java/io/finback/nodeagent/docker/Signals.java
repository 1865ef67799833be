package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signals to containers. What the engine says to them is only logged: whether it ended is seen elsewhere. */
final class Signals {
    private static final Logger log = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    static void send(Engine engine, String name, String signal) {
        try {
            JsonNode answer = engine.post("/containers/" + name + "/kill", Map.of("signal", signal), null);
            log.debug("docker.signal container={} signal={} answer={}", name, signal, answer);
        } catch (EngineFailure e) {
            // One that does not run any more is no news.
            if (e.isTransient()) {
                log.warn("docker.signal_unheard container={} signal={} reason={}", name, signal, e.getMessage());
            }
        }
    }

    /** The signal the container itself wants. */
    static void sendStop(Engine engine, String name) {
        try {
            EngineContainer now = new EngineContainer(engine.get("/containers/" + name + "/json", Map.of()));
            send(engine, name, now.stopSignal());
        } catch (EngineFailure e) {
            log.warn("docker.signal_unheard container={} signal=stop reason={}", name, e.getMessage());
        }
    }
}
