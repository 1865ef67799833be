package io.finback.resources;

import java.util.List;
import java.util.Optional;

/**
 * The rule for names of roles: a path of components, such as {@code eng/backend}, or {@code *} alone. Source: apache/mesos
 * {@code src/common/roles.cpp}.
 */
public final class RoleName {
    private RoleName() {}

    /** What is wrong with {@code role}; empty: nothing. */
    public static Optional<String> problem(String role) {
        if (role.equals("*")) {
            return Optional.empty();
        }
        if (role.isEmpty()) {
            return wrong(role, "at least one character");
        }
        if (role.startsWith("/") || role.endsWith("/")) {
            return wrong(role, "no '/' at either end");
        }
        for (String component : List.of(role.split("/", -1))) {
            Optional<String> problem = problemOf(role, component);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problemOf(String role, String component) {
        if (component.isEmpty()) {
            return wrong(role, "no two '/' side by side");
        }
        if (component.equals(".") || component.equals("..") || component.equals("*")) {
            return wrong(role, "no component '" + component + "'");
        }
        if (component.startsWith("-")) {
            return wrong(role, "no component that begins with '-'");
        }
        return component.chars().anyMatch(RoleName::isForbidden)
                ? wrong(role, "no whitespace and no control characters")
                : Optional.empty();
    }

    private static boolean isForbidden(int c) {
        return c <= ' ' || c == 127;
    }

    private static Optional<String> wrong(String role, String expected) {
        return Optional.of("role: '" + role + "' (expected: " + expected + ")");
    }
}
