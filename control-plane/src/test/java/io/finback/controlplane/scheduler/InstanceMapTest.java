package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The same as a linked map, whatever is done to it, and what came before stays as it was. */
class InstanceMapTest {
    private static final AppVersion VERSION =
            Examples.running(Examples.app(1)).current().orElseThrow();

    private static Instance instance(int number) {
        return Instance.scheduled("shop_api." + number, VERSION, Examples.NOW.plusSeconds(number));
    }

    @Test
    void doesWhatALinkedMapDoes() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            Map<String, Instance> plain = new LinkedHashMap<>();
            InstanceMap map = InstanceMap.of(Map.of());
            List<InstanceMap> before = new ArrayList<>();
            List<Map<String, Instance>> shown = new ArrayList<>();
            int next = 0;
            for (int round = 0; round < 60; round++) {
                before.add(map);
                shown.add(new LinkedHashMap<>(plain));
                InstanceMap.Editor editor = map.edit();
                int changes = random.nextInt(30);
                boolean shrinking = round > 40;
                for (int i = 0; i < changes; i++) {
                    String some = "shop_api." + random.nextInt(next + 1);
                    int what = random.nextInt(10);
                    if (what < (shrinking ? 1 : 6)) {
                        Instance added = instance(next++);
                        plain.put(added.taskId(), added);
                        editor.put(added);
                    } else if (what < 8) {
                        plain.remove(some);
                        editor.remove(some);
                    } else {
                        plain.computeIfPresent(some, (id, instance) -> instance.doom());
                        editor.change(some, Instance::doom);
                    }
                }
                map = editor.done();
                assertThat(new ArrayList<>(map.values()))
                        .as("seed %d", seed)
                        .isEqualTo(new ArrayList<>(plain.values()));
                assertThat(map).isEqualTo(plain).hasSameSizeAs(plain);
                assertThat(plain.keySet()).allMatch(map::containsKey);
                // Counts are those of a walk, and the difference from any earlier one makes that one this one.
                assertThat(map.census().count(Census.Kind::doomed)).isEqualTo((int)
                        plain.values().stream().filter(Instance::doomed).count());
                assertThat(map.census().count(kind -> true)).isEqualTo(plain.size());
                InstanceMap from = before.get(random.nextInt(before.size()));
                Map<String, Instance> made = new LinkedHashMap<>(from);
                InstanceMap.difference(
                        from,
                        map,
                        gone -> assertThat(made.remove(gone.taskId())).isSameAs(gone),
                        come -> assertThat(made.put(come.taskId(), come)).isNull());
                assertThat(made).isEqualTo(plain);
            }
            for (int i = 0; i < before.size(); i++) {
                assertThat(new ArrayList<>(before.get(i).entrySet()))
                        .as("seed %d", seed)
                        .isEqualTo(new ArrayList<>(shown.get(i).entrySet()));
            }
            assertThat(map.get("none")).isNull();
        }
    }

    @Test
    void reportsOfManyBecomeOneEventThatMeansTheSame() {
        AppState state = Examples.running(Examples.app(3));
        List<AppEvent> events = new ArrayList<>();
        state.instances()
                .keySet()
                .forEach(id -> events.add(new AppEvent.InstanceReported(
                        id, Instance.Phase.UNREACHABLE, Examples.NOW, java.util.Optional.empty())));
        events.add(new AppEvent.BackoffReset());
        List<AppEvent> joined = AppEvent.joined(events);
        assertThat(joined).hasSize(2);
        assertThat(AppEvent.fold(state, joined)).isEqualTo(AppEvent.fold(state, events));
    }

    @Test
    void anAppOfFiftyThousandIsStartedInParts() {
        AppDefinition large = Examples.app(50_000);
        AppState none = AppState.empty(large.id());
        AppState state = Examples.order(
                Examples.apply(none, AppChange.create(none, large, false, "d0", Examples.NOW)),
                "d0",
                1,
                DeploymentPlan.Kind.SCALE);
        List<AppEvent> events = InstancePlanner.settle(state, Examples.NOW, Listening.UNKNOWN, () -> java.util
                .UUID
                .randomUUID()
                .toString());
        assertThat(events).hasSize(50).allSatisfy(event -> assertThat(((AppEvent.InstancesAdded) event).added())
                .hasSize(1000));
        assertThat(AppEvent.fold(state, events).instances()).hasSize(50_000);
    }
}
