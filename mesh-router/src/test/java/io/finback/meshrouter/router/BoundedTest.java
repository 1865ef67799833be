package io.finback.meshrouter.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BoundedTest {
    @Test
    void theOneUsedLongestAgoMakesRoom() {
        AtomicLong clock = new AtomicLong();
        List<String> gone = new ArrayList<>();
        Bounded<String> names = new Bounded<>(2, gone::add, clock::incrementAndGet);
        for (String name : List.of("a", "b", "a", "c", "c", "a", "d")) {
            assertThat(names.get(name, made -> made)).isEqualTo(name);
        }
        assertThat(gone).containsExactly("b", "c");
        assertThat(names.all()).containsOnlyKeys("a", "d");
        assertThat(names.misses()).isEqualTo(4);
        assertThat(names.evictions()).isEqualTo(2);
    }
}
