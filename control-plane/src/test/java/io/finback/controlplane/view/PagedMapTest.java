package io.finback.controlplane.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PagedMapTest {
    @Test
    void isTheSameAsAMapAfterAnyHistory() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        PagedMap<Integer, String> pages = new PagedMap<>();
        Map<Integer, String> map = new HashMap<>();
        for (int step = 0; step < 30_000; step++) {
            int key = random.nextInt(step < 15_000 ? 5_000 : 100);
            if (random.nextInt(3) > 0) {
                pages.put(key, "v" + step);
                map.put(key, "v" + step);
            } else {
                assertThat(pages.remove(key)).as("seed %s", seed).isEqualTo(map.remove(key) != null);
            }
            if (step == 15_000) {
                List<Integer> most =
                        pages.keys().stream().filter(each -> each > 100).toList();
                most.forEach(pages::remove);
                most.forEach(map::remove);
            }
            if (step % 500 == 0 || step > 29_990) {
                assertThat(pages.snapshot()).as("seed %s", seed).containsExactlyInAnyOrderElementsOf(map.values());
                assertThat(pages.snapshot().size()).isEqualTo(map.size());
            }
            assertThat(pages.get(key)).isEqualTo(Optional.ofNullable(map.get(key)));
        }
    }

    @Test
    void sharesThePagesThatDidNotChange() {
        PagedMap<Integer, String> map = new PagedMap<>();
        for (int i = 0; i < 10 * Pages.SIZE; i++) {
            map.put(i, "v" + i);
        }
        Pages<String> before = map.snapshot();
        map.put(5, "other");
        Pages<String> after = map.snapshot();
        assertThat(before).contains("v5").doesNotContain("other");
        assertThat(after).contains("other").doesNotContain("v5");
        assertThat(after.pages().get(0)).isNotSameAs(before.pages().get(0));
        assertThat(after.pages().subList(1, 10)).isEqualTo(before.pages().subList(1, 10));
        assertThat(map.snapshot()).isSameAs(after);
    }

    @Test
    void derivesOncePerPage() {
        AtomicInteger made = new AtomicInteger();
        Page.Derivation<String, Integer> length = Page.Derivation.of(items -> {
            made.incrementAndGet();
            return items.size();
        });
        Page.Derivation<String, String> other = Page.Derivation.of(items -> String.join(",", items));
        Page<String> page = new Page<>(List.of("a", "b"));
        assertThat(page.derived(length)).isEqualTo(2);
        assertThat(page.derived(other)).isEqualTo("a,b");
        assertThat(page.derived(length)).isEqualTo(2);
        assertThat(made).hasValue(1);
    }
}
