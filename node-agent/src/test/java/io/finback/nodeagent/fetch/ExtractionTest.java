package io.finback.nodeagent.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives as the usual programs write them, and such as only an attacker does. */
class ExtractionTest {
    @TempDir
    Path directory;

    private Path sandbox;

    @BeforeEach
    void make() throws IOException {
        sandbox = Files.createDirectory(directory.resolve("sandbox"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tbz2", "a.tar.xz", "a.txz"})
    void unpacksWhatTarWrites(String name) throws Exception {
        Path archive = directory.resolve(name);
        run(
                "mkdir -p app/bin; echo hi >app/bin/run; chmod 755 app/bin/run; ln -s bin/run app/start; ln app/bin/run app/same;"
                        + " tar caf '" + archive + "' app");
        extract(archive);

        assertThat(sandbox.resolve("app/start")).isSymbolicLink().hasContent("hi\n");
        assertThat(sandbox.resolve("app/same")).hasContent("hi\n");
        assertThat(Files.isExecutable(sandbox.resolve("app/bin/run"))).isTrue();
    }

    @Test
    void unpacksZipAndGz() throws Exception {
        run("mkdir d; echo zipped >d/f; chmod 700 d/f; ln -s f d/l; echo single >note; gzip note");
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(directory.resolve("a.zip"))) {
            put(zip, "d/f", 0100700, "zipped\n");
            put(zip, "d/l", 0120777, "f");
        }
        extract(directory.resolve("a.zip"));
        extract(directory.resolve("note.gz"));

        assertThat(sandbox.resolve("d/f")).hasContent("zipped\n");
        assertThat(sandbox.resolve("d/l")).isSymbolicLink().hasContent("zipped\n");
        assertThat(Files.isExecutable(sandbox.resolve("d/f"))).isTrue();
        assertThat(sandbox.resolve("note")).hasContent("single\n");
    }

    @Test
    void nothingLeavesTheSandbox() throws Exception {
        for (String name : List.of("../out", "/tmp/finback-out", "d/../../out", "..")) {
            refused(tar -> file(tar, name, "x"), "leads out of the sandbox");
        }
        for (String target : List.of("/etc", "..", "../..", "d/../../x", "/")) {
            refused(tar -> link(tar, "l", target), "leads out of the sandbox");
        }
        refused(
                tar -> {
                    // Each looks harmless by its letters: x is the sandbox itself, so y is the directory above it.
                    file(tar, "deep/er/f", "x");
                    link(tar, "deep/er/x", "../..");
                    link(tar, "y", "deep/er/x/..");
                },
                "leads out of the sandbox");
        refused(
                tar -> {
                    link(tar, "a", "b/..");
                    link(tar, "b", "a/..");
                },
                "leads out of the sandbox");
        assertThat(directory.resolve("out")).doesNotExist();
        assertThat(Path.of("/tmp/finback-out")).doesNotExist();
    }

    @Test
    void nothingIsWrittenThroughALink() throws Exception {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.createSymbolicLink(sandbox.resolve("l"), outside);
        refused(tar -> file(tar, "l/f", "x"), "passes 'l'");
        refused(
                tar -> {
                    link(tar, "m", "d");
                    file(tar, "m/f", "x");
                },
                "is a directory already");
        Path secret = Files.writeString(outside.resolve("secret"), "s");
        Files.createSymbolicLink(sandbox.resolve("s"), secret);
        extract(tar(tar -> file(tar, "s", "mine")));
        assertThat(secret).hasContent("s");
        assertThat(sandbox.resolve("s")).hasContent("mine");
    }

    @Test
    void hardLinksOnlyToFilesOfTheArchive() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "s");
        refused(tar -> hardLink(tar, "h", "/etc/passwd"), "leads out of the sandbox");
        refused(tar -> hardLink(tar, "h", "../secret"), "leads out of the sandbox");
        Files.createSymbolicLink(sandbox.resolve("l"), secret);
        refused(tar -> hardLink(tar, "h", "l"), "expected: a file of the same archive");
        assertThat(sandbox.resolve("h")).doesNotExist();
    }

    @Test
    void devicesAreRefusedAndForeignRightsDropped() throws Exception {
        refused(tar -> entry(tar, new TarArchiveEntry("dev", TarConstants.LF_CHR), ""), "device or a pipe");
        refused(tar -> entry(tar, new TarArchiveEntry("fifo", TarConstants.LF_FIFO), ""), "device or a pipe");
        extract(tar(tar -> {
            TarArchiveEntry entry = new TarArchiveEntry("suid");
            entry.setMode(0106755);
            entry(tar, entry, "x");
        }));
        assertThat(Files.getAttribute(sandbox.resolve("suid"), "unix:mode")).isEqualTo(0100755);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sandbox.resolve("suid"))))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void bombsEndAtTheLimit() throws Exception {
        run("head -c 20000000 /dev/zero | gzip >bomb.gz; head -c 20000000 /dev/zero >zeros; tar caf bomb.tar.xz zeros");
        for (String bomb : List.of("bomb.gz", "bomb.tar.xz")) {
            assertThatThrownBy(() -> extract(directory.resolve(bomb))).hasMessageContaining("max-extracted-size");
        }
        refused(
                tar -> {
                    for (int i = 0; i <= 100; i++) {
                        file(tar, "f" + i, "");
                    }
                },
                "max-entries");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz", "x.zip", "x.gz"})
    void whatIsNoArchiveIsAnError(String name) throws Exception {
        Path file = Files.writeString(directory.resolve(name), "not an archive at all ".repeat(100));
        assertThatThrownBy(() -> extract(file)).isInstanceOf(IOException.class);
    }

    private void refused(Consumer<TarArchiveOutputStream> content, String why) throws Exception {
        Path archive = tar(content);
        assertThatThrownBy(() -> extract(archive))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
        try (Stream<Path> links = Files.walk(sandbox)) {
            assertThat(links.filter(Files::isSymbolicLink)
                            .map(link -> link.getFileName().toString())
                            .filter(name -> !name.equals("l") && !name.equals("s")))
                    .isEmpty();
        }
    }

    private Path tar(Consumer<TarArchiveOutputStream> content) throws IOException {
        Path archive = directory.resolve("made.tar");
        try (OutputStream out = Files.newOutputStream(archive);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
            content.accept(tar);
        }
        return archive;
    }

    private static void file(TarArchiveOutputStream tar, String name, String content) {
        entry(tar, new TarArchiveEntry(name, true), content);
    }

    private static void link(TarArchiveOutputStream tar, String name, String target) {
        TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        entry.setLinkName(target);
        entry(tar, entry, "");
    }

    private static void hardLink(TarArchiveOutputStream tar, String name, String target) {
        TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_LINK);
        entry.setLinkName(target);
        entry(tar, entry, "");
    }

    private static void entry(TarArchiveOutputStream tar, TarArchiveEntry entry, String content) {
        try {
            entry.setSize(content.length());
            tar.putArchiveEntry(entry);
            tar.write(content.getBytes(UTF_8));
            tar.closeArchiveEntry();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void put(ZipArchiveOutputStream zip, String name, int mode, String content) throws IOException {
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        entry.setUnixMode(mode);
        zip.putArchiveEntry(entry);
        zip.write(content.getBytes(UTF_8));
        zip.closeArchiveEntry();
    }

    private void run(String script) throws Exception {
        Process process = new ProcessBuilder("/bin/sh", "-ec", script)
                .directory(directory.toFile())
                .inheritIO()
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    private void extract(Path archive) throws IOException {
        String name = archive.getFileName().toString();
        Duration long_ = Duration.ofMinutes(1);
        FetchSettings settings =
                new FetchSettings(0, 1 << 30, 10_000_000, 100, long_, long_, 1, 1, List.of(), Map.of());
        Extraction.run(
                Archive.of(name).orElseThrow(), archive, name, new SafeTree(sandbox), settings, new Cancellation());
    }
}
