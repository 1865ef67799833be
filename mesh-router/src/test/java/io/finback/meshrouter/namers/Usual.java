package io.finback.meshrouter.namers;

import java.time.Duration;

/** What tests of namers start with. */
final class Usual {
    private Usual() {}

    static Streams streams() {
        return streams(Duration.ofMinutes(5));
    }

    static Streams streams(Duration life) {
        return new Streams(new Streams.Settings(life, 4));
    }
}
