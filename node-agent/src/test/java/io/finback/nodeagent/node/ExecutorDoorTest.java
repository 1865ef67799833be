package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorDoorTest {
    private static final String NAME = "MESOS_EXECUTOR_AUTHENTICATION_TOKEN";
    private static final byte[] KEY = new byte[32];

    @Test
    void admitsAnExecutorWithItsOwnTokenAlone() {
        ExecutorDoor door = ExecutorDoor.of(Optional.of(KEY), Map.of());
        String token = door.environment("f1", "e1").get(NAME);
        assertThat(door.admits("f1", "e1", Optional.of("Bearer " + token))).isTrue();
        assertThat(door.admits("f1", "e2", Optional.of("Bearer " + token))).isFalse();
        assertThat(door.admits("f2", "e1", Optional.of("Bearer " + token))).isFalse();
        assertThat(door.admits("f1", "e1", Optional.of(String.valueOf(token)))).isFalse();
        assertThat(door.admits("f1", "e1", Optional.empty())).isFalse();
    }

    @Test
    void tokensHoldOverARestartAndAreThoseOfThisAgentAlone() {
        String token = ExecutorDoor.of(Optional.of(KEY), Map.of())
                .environment("f", "e")
                .get(NAME);
        assertThat(ExecutorDoor.of(Optional.of(KEY.clone()), Map.of()).admits("f", "e", Optional.of("Bearer " + token)))
                .isTrue();
        byte[] other = KEY.clone();
        other[0] = 1;
        assertThat(ExecutorDoor.of(Optional.of(other), Map.of()).admits("f", "e", Optional.of("Bearer " + token)))
                .isFalse();
    }

    @Test
    void asksNobodyUnlessToldTo() {
        ExecutorDoor door = ExecutorDoor.of(Optional.empty(), Map.of("LIBPROCESS_SSL_ENABLED", "true"));
        assertThat(door.admits("f", "e", Optional.empty())).isTrue();
        assertThat(door.environment("f", "e")).containsExactly(Map.entry("LIBPROCESS_SSL_ENABLED", "true"));
    }

    @Test
    void theApiLetsInWhoShowsTheTokenOfTheExecutorItSpeaksFor(@TempDir Path data) throws Exception {
        ExecutorDoor door = ExecutorDoor.of(Optional.of(KEY), Map.of());
        String token = door.environment("f", "e").get(NAME);
        String call = "{\"type\":\"SUBSCRIBE\",\"framework_id\":{\"value\":\"f\"},\"executor_id\":{\"value\":\"e\"},"
                + "\"subscribe\":{}}";
        try (ServedAgent agent = new ServedAgent(new TaskWorld(data), door)) {
            HttpResponse<String> refused = agent.callAsExecutor(call, "");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate"))
                    .hasValueSatisfying(challenge -> assertThat(challenge).startsWith("Bearer"));
            assertThat(agent.callAsExecutor(call.replace("\"e\"", "\"other\""), "Bearer " + token)
                            .statusCode())
                    .isEqualTo(401);
            // Let in, and told that nobody knows it.
            HttpResponse<String> known = agent.callAsExecutor(call, "Bearer " + token);
            assertThat(known.statusCode()).isEqualTo(400);
            assertThat(known.body()).contains("Framework cannot be found");
        }
    }
}
