package io.finback.resources;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoleNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"*", "dev", "eng/backend", "a/b/c", "a-b", "a.b", "a*", "...", "größe"})
    void takesPathsOfNames(String role) {
        assertThat(RoleName.problem(role)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/a",
                "a/",
                "a//b",
                ".",
                "..",
                "a/./b",
                "a/..",
                "a/*",
                "*/a",
                "-a",
                "a/-b",
                " ",
                "a b",
                "a\tb",
                "a\bb",
                "a\nb",
                "a\u007fb"
            })
    void refusesWhatMesosRefuses(String role) {
        assertThat(RoleName.problem(role)).isPresent();
        assertThat(RoleName.problem(role).orElseThrow())
                .contains("'" + role + "'")
                .contains("expected");
    }
}
