package io.finback.persistence;

import io.finback.runtime.StartFailure;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.fusesource.leveldbjni.JniDBFactory;
import org.iq80.leveldb.DBFactory;
import org.iq80.leveldb.Options;
import org.iq80.leveldb.impl.Iq80DBFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Journal and snapshots of a LevelDB master, as one unit. Akka does not notice when one of the two directories is wiped, moved or
 * restored alone, and recovers an entity ahead of or behind its journal; so both carry the same id, and so does the data directory, which
 * is written last: whatever disagrees was changed by somebody else.
 */
record LevelDbUnit(Path directory) {
    private static final Logger log = LoggerFactory.getLogger(LevelDbUnit.class);

    /** File name of the id in journal and snapshots; neither LevelDB nor Akka looks at it. */
    static final String ID_FILE = "FINBACK-UNIT";

    /** Directories claimed by this JVM: the operating system's lock tells processes apart, not threads. */
    private static final Set<Path> claimedHere = ConcurrentHashMap.newKeySet();

    static LevelDbUnit in(Path dataDir) {
        return new LevelDbUnit(dataDir);
    }

    Path journal() {
        return directory.resolve("journal");
    }

    Path snapshots() {
        return directory.resolve("snapshots");
    }

    Path nativeLibraries() {
        return directory.resolve("native");
    }

    private Path anchor() {
        return directory.resolve("persistence.unit");
    }

    private Path lockFile() {
        return directory.resolve("persistence.lock");
    }

    /**
     * Takes the unit for this process until the claim is closed, checks that its parts belong together, and opens and closes the journal
     * once, so that whatever is wrong with it is said now. Throws {@link StartFailure}.
     */
    Claim claim(boolean nativeLibrary) {
        Claim claim = lock();
        try {
            Files.createDirectories(journal());
            Files.createDirectories(snapshots());
            checkIds();
            openOnce(nativeLibrary);
            return claim;
        } catch (IOException e) {
            claim.close();
            throw new StartFailure(
                    "finback.data-dir: the journal in " + journal() + " cannot be used (" + e.getMessage()
                            + "); free the disk, repair the permissions, or restore journal and snapshots together",
                    e);
        } catch (RuntimeException e) {
            claim.close();
            throw e;
        }
    }

    private Claim lock() {
        if (!claimedHere.add(directory)) {
            throw inUse();
        }
        @Nullable FileChannel channel = null;
        try {
            Files.createDirectories(directory);
            channel = FileChannel.open(lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            @Nullable FileLock lock = channel.tryLock();
            if (lock != null) {
                return new Claim(directory, channel);
            }
        } catch (IOException e) {
            release(directory, channel);
            throw new StartFailure(
                    "finback.data-dir: " + directory + " cannot be written (" + e.getMessage()
                            + "); name a directory this user may write",
                    e);
        }
        release(directory, channel);
        throw inUse();
    }

    private StartFailure inUse() {
        return new StartFailure("finback.data-dir: " + directory
                + " is in use by another process; stop that one or name another directory");
    }

    private void checkIds() throws IOException {
        Optional<String> whole = read(anchor());
        Optional<String> ofJournal = read(journal().resolve(ID_FILE));
        Optional<String> ofSnapshots = read(snapshots().resolve(ID_FILE));
        boolean journalEmpty = holdsNothing(journal());
        boolean snapshotsEmpty = holdsNothing(snapshots());
        if (whole.isPresent() && whole.equals(ofJournal) && whole.equals(ofSnapshots)) {
            if (journalEmpty && !snapshotsEmpty) {
                throw torn("the journal is empty but there are snapshots");
            }
            return;
        }
        boolean bothWiped = ofJournal.isEmpty() && ofSnapshots.isEmpty();
        if (journalEmpty && snapshotsEmpty && (whole.isEmpty() || bothWiped)) {
            if (whole.isPresent()) {
                log.warn("persistence.started_empty dataDir={} reason=journal_and_snapshots_were_removed", directory);
            }
            create(UUID.randomUUID().toString());
            return;
        }
        throw torn("id of the data directory: " + shown(whole) + ", of the journal: " + shown(ofJournal)
                + ", of the snapshots: " + shown(ofSnapshots));
    }

    private StartFailure torn(String what) {
        return new StartFailure(
                "finback.data-dir: " + journal() + " and " + snapshots().getFileName()
                        + " do not belong together (" + what
                        + "); one of them was wiped, moved or restored alone. Restore both from the same backup, or remove both to start empty");
    }

    /** The anchor last: without it a half-made, still empty unit is simply made again. */
    private void create(String id) throws IOException {
        Files.writeString(journal().resolve(ID_FILE), id + "\n");
        Files.writeString(snapshots().resolve(ID_FILE), id + "\n");
        Files.writeString(anchor(), id + "\n");
    }

    private static Optional<String> read(Path file) throws IOException {
        return Files.isRegularFile(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
    }

    private static boolean holdsNothing(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.allMatch(file -> file.endsWith(ID_FILE));
        }
    }

    private static String shown(Optional<String> id) {
        return id.orElse("none");
    }

    private void openOnce(boolean nativeLibrary) throws IOException {
        DBFactory factory = nativeLibrary ? JniDBFactory.factory : Iq80DBFactory.factory;
        File file = journal().toFile();
        factory.open(file, new Options().createIfMissing(true)).close();
    }

    private static void release(Path directory, @Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.warn("persistence.lock_not_closed dataDir={} reason='{}'", directory, e.toString());
        } finally {
            claimedHere.remove(directory);
        }
    }

    /** This process' hold on the unit; also ends with the process, however that ends. */
    record Claim(Path directory, FileChannel channel) implements AutoCloseable {
        @Override
        public void close() {
            release(directory, channel);
        }
    }
}
