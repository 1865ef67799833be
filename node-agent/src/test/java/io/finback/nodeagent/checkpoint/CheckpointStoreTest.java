package io.finback.nodeagent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.EngineRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.task.Stamp;
import io.finback.nodeagent.task.Verdict;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00.123456789Z");

    @TempDir
    Path data;

    private CheckpointStore store;

    @BeforeEach
    void open() throws IOException {
        store = CheckpointStore.open(data);
    }

    @Test
    void everyFieldComesBack() throws IOException {
        AgentTask task = everything("a/../ürgs: %".replace("/", "_"));
        store.save(task);

        assertThat(CheckpointStore.open(data).recover().live()).containsExactly(task);
    }

    @Test
    void aTaskWrittenBeforeThereWereKindsOfContainersComesBack() throws IOException {
        AgentTask task = everything("t");
        store.save(task);
        String now = Files.readString(onlyFile());
        String before = now.replace("\"kind\":\"process\",", "").replace(",\"verdict\":null", "");
        assertThat(before)
                .doesNotContain("kind", "verdict")
                .contains("\"holderPid\":3")
                .isNotEqualTo(now);
        Files.writeString(onlyFile(), before);

        assertThat(store.recover().live()).containsExactly(task);
    }

    @Test
    void aContainerOfAnEngineAndAVerdictComeBack() throws IOException {
        EngineRef engine = new EngineRef("docker", "finback-c", "boot", Optional.of(17L), List.of());
        AgentTask task = AgentTask.received(Tasks.shell("t", "true"), "c", NOW)
                .prepared(engine, new Stamp(NOW, "u"))
                .next()
                .condemned(Verdict.failed("CONTAINER_LIMITATION_DISK", "too much"), Duration.ZERO, new Stamp(NOW, "k"))
                .next();
        store.save(task);

        assertThat(store.recover().live()).containsExactly(task);
        assertThat(task.unacknowledged().get(0).pid()).contains(17L);
    }

    @Test
    void theLastStateCounts() throws IOException {
        AgentTask staged = AgentTask.received(Tasks.shell("t", "true"), "c", NOW);
        AgentTask killed =
                staged.kill(Duration.ofSeconds(1), new Stamp(NOW, "k")).next();
        store.save(staged);
        store.save(killed);

        assertThat(store.recover().live()).containsExactly(killed);
        store.delete(killed);
        assertThat(store.recover().live()).isEmpty();
    }

    @Test
    void idsThatLookAlikeAreDifferentFiles() throws IOException {
        AgentTask one = AgentTask.received(Tasks.shell("a b", "true"), "1", NOW);
        AgentTask two = AgentTask.received(Tasks.shell("a_b", "true"), "2", NOW);
        AgentTask three = AgentTask.received(Tasks.shell("x".repeat(255), "true"), "3", NOW);
        AgentTask four =
                AgentTask.received(Tasks.of(FrameworkId.of("framework-2"), Tasks.shell("a b", "true")), "4", NOW);
        for (AgentTask task : List.of(one, two, three, four)) {
            store.save(task);
        }
        assertThat(store.recover().live()).containsExactlyInAnyOrder(one, two, three, four);
    }

    @Test
    void filesNamedByTheTaskAloneAreTakenOver() throws IOException {
        AgentTask live = AgentTask.received(Tasks.shell("t", "true"), "c", NOW);
        store.save(live);
        Path named = onlyFile();
        Files.move(named, named.resolveSibling("t-e3b98a4da31a127d.json"));

        assertThat(store.recover().live()).containsExactly(live);
        assertThat(onlyFile()).isEqualTo(named);
        store.bury(live);
        assertThat(store.recover()).isEqualTo(new CheckpointStore.Recovered(List.of(), List.of(live)));
    }

    @Test
    void tombstonesStayUntilForgottenOldestFirst() throws IOException {
        AgentTask late = ended("late", NOW.plusSeconds(60));
        AgentTask early = ended("early", NOW);
        store.save(late);
        store.bury(late);
        store.bury(early);
        assertThat(store.recover()).isEqualTo(new CheckpointStore.Recovered(List.of(), List.of(early, late)));

        store.forget(early);
        assertThat(store.recover().ended()).containsExactly(late);
    }

    @Test
    void aCrashWhileWritingLeavesTheStateBefore() throws IOException {
        AgentTask task = AgentTask.received(Tasks.shell("t", "true"), "c", NOW);
        store.save(task);
        Path file = onlyFile();
        byte[] whole = Files.readAllBytes(file);
        Files.write(file.resolveSibling(file.getFileName() + ".tmp"), new byte[] {'{', '"'});

        assertThat(store.recover().live()).containsExactly(task);
        assertThat(onlyFile()).hasBinaryContent(whole);
    }

    @Test
    void tornAndUnknownFilesArePutAsideAndTheRestGoesOn() throws IOException {
        AgentTask good = AgentTask.received(Tasks.shell("good", "true"), "c", NOW);
        store.save(good);
        String whole = Files.readString(onlyFile());
        for (Map.Entry<String, String> bad : Map.of(
                        "torn.json",
                        whole.substring(0, whole.length() / 2),
                        "empty.json",
                        "",
                        "future.json",
                        whole.replace("\"version\":1", "\"version\":2"),
                        "other.json",
                        whole,
                        "impossible.json",
                        whole.replace("\"milli\":{\"cpus\":100", "\"milli\":{\"cpus\":-1"),
                        "null.json",
                        "{\"version\":1}",
                        "stranger",
                        "hello")
                .entrySet()) {
            Files.writeString(data.resolve("meta/tasks").resolve(bad.getKey()), bad.getValue(), StandardCharsets.UTF_8);
        }

        assertThat(store.recover().live()).containsExactly(good);
        assertThat(data.resolve("meta/quarantine").toFile().list()).hasSize(7);
        assertThat(store.recover().live()).containsExactly(good);
    }

    @Test
    void aRefusedWriteChangesNothing() throws IOException {
        AgentTask task = AgentTask.received(Tasks.shell("t", "true"), "c", NOW);
        store.save(task);
        Path inTheWay =
                Files.createDirectories(onlyFile().resolveSibling(onlyFile().getFileName() + ".tmp/x"));

        assertThatThrownBy(() ->
                        store.save(task.kill(Duration.ZERO, new Stamp(NOW, "k")).next()))
                .isInstanceOf(IOException.class);

        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        assertThat(store.recover().live()).containsExactly(task);
    }

    private Path onlyFile() throws IOException {
        try (var files = Files.list(data.resolve("meta/tasks"))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".json"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static AgentTask ended(String id, Instant at) {
        return AgentTask.received(Tasks.shell(id, "true"), id, NOW)
                .notStarted("no", new Stamp(at, "u"))
                .next()
                .acknowledged("u")
                .next();
    }

    private static AgentTask everything(String id) {
        TaskInfo info = new TaskInfo(
                TaskId.of(id),
                "name",
                Tasks.FRAMEWORK,
                Tasks.AGENT,
                Resources.of(1.5, 64, 3).withPorts(Ranges.of(31000, 31002)).withRanges("empty", Ranges.EMPTY),
                new CommandInfo(false, "v", List.of("a", ""), Map.of("K", "v\n\"\0"), Optional.of("root")),
                Optional.of(Duration.ofMillis(1500)),
                Map.of("l", "x"));
        AgentTask task = AgentTask.received(info, "container", NOW)
                .prepared(new ProcessRef("boot", 1, Long.MAX_VALUE, 3, 4), new Stamp(NOW, "u1"))
                .next()
                .kill(Duration.ofSeconds(7), new Stamp(NOW, "k"))
                .next();
        return task.ended(new Exit.Signaled(9, true), true, new Stamp(NOW, "u2"))
                .next();
    }
}
