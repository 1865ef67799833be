package io.finback.verification.serialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import io.finback.tasks.TaskState;
import io.finback.wire.WireMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a released version has written into a journal stays readable, nothing of it lost. */
class GoldenFilesTest {
    private static Wire wire;
    private static WireTypes types;
    private static GoldenFiles golden;

    @BeforeAll
    static void start() {
        wire = new Wire();
        types = WireTypes.shipped(wire.config());
        golden = new GoldenFiles(Path.of("src/test/resources/golden"), wire);
    }

    @AfterAll
    static void stop() throws Exception {
        wire.close();
    }

    /** With {@code -Dgolden.write=<version>}: writes what is missing instead. */
    @Test
    void everyPersistedTypeHasAGoldenFile() throws IOException {
        String version = System.getProperty("golden.write", "");
        if (!version.isEmpty()) {
            for (Class<?> type : types.persisted()) {
                if (golden.missing(List.of(type)).contains(type.getName())) {
                    golden.write(type, version);
                }
            }
        }
        assertThat(golden.missing(types.persisted()))
                .as("persisted types without a golden file; see src/test/resources/golden/README.md")
                .isEmpty();
    }

    @Test
    void everyGoldenFileIsReadAndNothingOfItIsLost() throws IOException {
        assertAll(golden.all().stream()
                .map(file ->
                        () -> assertThat(golden.lost(file)).as(file.toString()).isEmpty()));
    }

    // What follows proves that the checks above can fail.

    record Written(String kept, String renamed, TaskState state) implements WireMessage {}

    record ReadAs(String kept, TaskState state) implements WireMessage {}

    abstract static class Entity extends EventSourcedBehavior<String, Written, ReadAs> {
        Entity(PersistenceId id) {
            super(id);
        }

        @Override
        public abstract CommandHandler<String, Written, ReadAs> commandHandler();

        @Override
        public abstract EventHandler<ReadAs, Written> eventHandler();
    }

    abstract static class MoreSpecific extends Entity {
        MoreSpecific(PersistenceId id) {
            super(id);
        }
    }

    @Test
    void knowsWhatAnEntityPersists() {
        assertThat(WireTypes.eventAndState(MoreSpecific.class)).containsExactly(Written.class, ReadAs.class);
    }

    @Test
    void seesAFieldThatWasRenamed(@TempDir Path directory) throws IOException {
        GoldenFiles files = new GoldenFiles(directory, wire);
        files.write(Written.class, "v0");
        assertThat(files.missing(List.of(Written.class, ReadAs.class))).containsExactly(ReadAs.class.getName());
        List<Path> written = files.all();
        assertThat(written).hasSize(TaskState.values().length);
        for (Path file : written) {
            assertThat(files.lost(file)).isEmpty();
        }
        Path sameBytes = directory.resolve(ReadAs.class.getName() + ".0.cbor");
        Files.copy(written.get(0), sameBytes);
        assertThat(files.lost(sameBytes)).containsExactly("/renamed: \"text\" became nothing");
    }
}
