package io.finback.names;

import java.util.concurrent.ThreadLocalRandom;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record RollsDice(int eyes) {
    public static RollsDice create() {
        return new RollsDice(ThreadLocalRandom.current().nextInt(6));
    }
}
