package io.finback.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {
    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a\nb", "a\u007fb"})
    void refusesWhatCouldNotBeAFileName(String value) {
        assertThatThrownBy(() -> TaskId.of(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("TaskId: ");
    }

    @Test
    void takes255CharactersAndNoMore() {
        assertThat(AgentId.of("a".repeat(255)).value()).hasSize(255);
        assertThatThrownBy(() -> AgentId.of("a".repeat(256)))
                .hasMessage("AgentId: 256 characters (expected: 1 to 255)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "...", "web.4f6a", "a b", "é"})
    void takesWhatPeopleCallThings(String value) {
        assertThat(FrameworkId.of(value)).hasToString(value);
        assertThat(OfferId.of(value)).isEqualByComparingTo(OfferId.of(value));
    }
}
