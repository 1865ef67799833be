package io.finback.verification.architecture;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/**
 * A rule of the architecture and the classes that break it, which prove that it can still fail.
 *
 * @param culprits test classes; together they break {@code rule}
 */
record Rule(String name, ArchRule rule, List<Class<?>> culprits) {
    static Rule of(String name, ArchRule rule, Class<?>... culprits) {
        return new Rule(name, rule.allowEmptyShould(true), List.of(culprits));
    }

    @Override
    public String toString() {
        return name;
    }
}
