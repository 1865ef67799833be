package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

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
        String token = ExecutorDoor.of(Optional.of(KEY), Map.of()).environment("f", "e").get(NAME);
        assertThat(ExecutorDoor.of(Optional.of(KEY.clone()), Map.of())
                        .admits("f", "e", Optional.of("Bearer " + token)))
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
}
