package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher against a java that only says how it was called. */
@Timeout(60)
class LauncherTest {
    private static final Path SCRIPT =
            Path.of(System.getProperty("user.dir")).resolve("../finback").normalize();

    /** Builds where it is told to, with the name Maven would put there. */
    private static final String MVN = """
            for argument in "$@"; do
              case $argument in -Dfinback.build=*) build=${argument#*=} ;; esac
            done
            lib=${build%/*}/cli/finback/lib
            mkdir -p "$lib"; : > "$lib/cli.jar"
            """;

    @TempDir
    Path directory;

    private Path home;

    private record Ran(int code, String out, String err) {}

    @BeforeEach
    void layOutARelease() throws IOException {
        home = Files.createDirectories(directory.resolve("a release"));
        Files.copy(SCRIPT, home.resolve("finback"));
        assertThat(home.resolve("finback").toFile().setExecutable(true)).isTrue();
        Files.createDirectories(home.resolve("lib"));
        Files.writeString(home.resolve("lib/cli.jar"), "");
        Files.writeString(home.resolve("lib/other.jar"), "");
    }

    @Test
    void passesWhatJdk17KnowsAndNothingNewer() throws Exception {
        Ran ran = run(Map.of("JAVA_HOME", java("17.0.15").toString()), "dev", "--data", "two words");
        assertThat(ran.code()).isZero();
        List<String> lines = ran.out().lines().toList();
        assertThat(lines)
                .contains(
                        "-Xss4m",
                        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                        "--add-opens=java.base/java.nio=ALL-UNNAMED",
                        "-XX:+ExitOnOutOfMemoryError")
                .noneMatch(line -> line.contains("native-access") || line.contains("unsafe-memory"));
        assertThat(lines)
                .filteredOn(line -> line.startsWith("-Djava.util.concurrent.ForkJoinPool.common.parallelism="))
                .singleElement()
                .satisfies(line -> assertThat(Integer.parseInt(line.substring(line.indexOf('=') + 1)))
                        .isGreaterThanOrEqualTo(2));
        assertThat(lines.subList(lines.indexOf("-cp"), lines.size()))
                .containsExactly(
                        "-cp",
                        home.resolve("lib/cli.jar") + ":" + home.resolve("lib/other.jar"),
                        "io.finback.cli.Finback",
                        "dev",
                        "--data",
                        "two words");
    }

    @Test
    void passesWhatJdk25AsksFor() throws Exception {
        Ran ran = run(Map.of("JAVA_HOME", java("25.0.3").toString()), "master");
        assertThat(ran.out().lines())
                .contains("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");
    }

    /** A JVM that does not know an option does not start. */
    @Test
    void givesRoutersMemoryBackWhereTheJvmCan() throws Exception {
        String option = "-XX:TrimNativeHeapInterval=10000";
        for (String version : List.of("17.0.15", "17.0.10", "21.0.2", "22", "25.0.3")) {
            assertThat(run(Map.of("JAVA_HOME", java(version).toString()), "router")
                            .out()
                            .lines())
                    .as(version)
                    .contains(option, "-XX:+UseSerialGC", "-Xmx1g");
        }
        for (String version : List.of("17", "17.0.9", "18.0.2", "20.0.99", "21", "21.0.1")) {
            assertThat(run(Map.of("JAVA_HOME", java(version).toString()), "router")
                            .out()
                            .lines())
                    .as(version)
                    .doesNotContain(option)
                    .contains("-Xmx1g");
        }
        assertThat(run(Map.of("JAVA_HOME", java("17.0.15").toString()), "master")
                        .out()
                        .lines())
                .doesNotContain(option);
    }

    @Test
    void sparesTheOptimizingCompilerWhereAMasterHasTwoProcessors() throws Exception {
        String option = "-XX:TieredStopAtLevel=1";
        for (int processors : List.of(1, 2, 4)) {
            Path machine = Files.createDirectories(directory.resolve("machine-" + processors));
            Path getconf = Files.writeString(machine.resolve("getconf"), "#!/bin/sh\necho " + processors + "\n");
            assertThat(getconf.toFile().setExecutable(true)).isTrue();
            Map<String, String> environment =
                    Map.of("JAVA_HOME", java("17.0.15").toString(), "PATH", machine + ":" + System.getenv("PATH"));
            List<String> lines = run(environment, "master").out().lines().toList();
            assertThat(lines.contains(option)).as(processors + " processors").isEqualTo(processors <= 2);
            assertThat(lines).contains("-Xmx1g");
        }
    }

    @Test
    void letsTheUsersOptionsComeLast() throws Exception {
        Ran ran = run(Map.of("JAVA_HOME", java("21").toString(), "FINBACK_JAVA_OPTS", " -Xmx2g   -Dx=* "), "router");
        List<String> lines = ran.out().lines().toList();
        assertThat(lines).contains("-Dx=*");
        assertThat(lines.indexOf("-Xmx2g")).isGreaterThan(lines.indexOf("-Xmx1g"));
    }

    @Test
    void refusesAnOldOrAbsentJavaInOneLine() throws Exception {
        for (String old : List.of("1.8.0_402", "11.0.2")) {
            Ran ran = run(Map.of("JAVA_HOME", java(old).toString()), "dev");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err())
                    .startsWith("finback: ")
                    .contains("17 or newer")
                    .hasLineCount(1);
        }
        Ran absent = run(Map.of("JAVA_HOME", directory.resolve("none").toString()), "dev");
        assertThat(absent.code()).isEqualTo(1);
        assertThat(absent.err()).startsWith("finback: JAVA_HOME is ").hasLineCount(1);
    }

    @Test
    void asksJavaItselfWhereNoReleaseFileSaysIt() throws Exception {
        Path java = java("17.0.1");
        Files.delete(java.resolve("release"));
        assertThat(run(Map.of("JAVA_HOME", java.toString()), "dev").code()).isZero();
    }

    @Test
    void isFoundThroughASymbolicLink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("a release", "finback"));
        Ran ran = runScript(link, Map.of("JAVA_HOME", java("17.0.1").toString()), "--version");
        assertThat(ran.out()).contains(home.resolve("lib/cli.jar").toString());
    }

    @Test
    void buildsASourceTreeOnceAndAgainWhenSomethingChanged() throws Exception {
        Path tree = Files.createDirectories(directory.resolve("tree"));
        Files.copy(SCRIPT, tree.resolve("finback"));
        Files.writeString(tree.resolve("pom.xml"), "");
        Path source = Files.createDirectories(tree.resolve("cli/src/main")).resolve("A.java");
        Files.writeString(source, "");
        Path bin = Files.createDirectories(directory.resolve("bin"));
        script(bin.resolve("mvn"), MVN);
        Map<String, String> environment =
                Map.of("JAVA_HOME", java("17.0.1").toString(), "PATH", bin + ":" + System.getenv("PATH"));

        Ran first = runWith("sh", tree.resolve("finback"), environment);
        assertThat(first.err()).contains("Building Finback (first run");
        assertThat(runWith("sh", tree.resolve("finback"), environment).err()).doesNotContain("Building");

        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 5_000));
        assertThat(runWith("sh", tree.resolve("finback"), environment).err())
                .contains("Building Finback (sources changed)…");

        script(bin.resolve("mvn"), "echo broken thing; exit 1");
        Ran failed = runWith("sh", tree.resolve("finback"), environment);
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains("broken thing").contains("finback: the build failed");
    }

    @Test
    void keepsAProgramThatRunsThroughANewBuildAndNoLonger() throws Exception {
        Path tree = Files.createDirectories(directory.resolve("a tree"));
        Files.copy(SCRIPT, tree.resolve("finback"));
        Files.writeString(tree.resolve("pom.xml"), "");
        Path source = Files.createDirectories(tree.resolve("cli/src/main")).resolve("A.java");
        Files.writeString(source, "");
        Path bin = Files.createDirectories(directory.resolve("bin"));
        script(bin.resolve("mvn"), MVN);
        Map<String, String> environment =
                Map.of("JAVA_HOME", java("17.0.1").toString(), "PATH", bin + ":" + System.getenv("PATH"));

        String first = jar(runWith("sh", tree.resolve("finback"), environment));
        // As long as somebody runs it: this process here.
        Path user = Path.of(first)
                .resolveSibling("../users/" + ProcessHandle.current().pid())
                .normalize();
        Files.writeString(user, "");
        String second = jar(rebuild(tree, source, environment, 5_000));
        assertThat(second).isNotEqualTo(first);
        assertThat(Path.of(first)).exists();

        Files.delete(user);
        String third = jar(rebuild(tree, source, environment, 10_000));
        assertThat(Path.of(first)).doesNotExist();
        assertThat(Path.of(second)).doesNotExist();
        assertThat(Path.of(third)).exists();
    }

    private Ran rebuild(Path tree, Path source, Map<String, String> environment, long later) throws Exception {
        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + later));
        return runWith("sh", tree.resolve("finback"), environment);
    }

    private static String jar(Ran ran) {
        return ran.out()
                .lines()
                .filter(line -> line.endsWith("cli.jar"))
                .findFirst()
                .orElseThrow();
    }

    private Ran run(Map<String, String> environment, String... args) throws Exception {
        return runScript(home.resolve("finback"), environment, args);
    }

    private Ran runScript(Path script, Map<String, String> environment, String... args) throws Exception {
        return runWith("sh", script, environment, args);
    }

    private Ran runWith(String shell, Path script, Map<String, String> environment, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(shell, script.toString()));
        command.addAll(Arrays.asList(args));
        Path out = Files.createTempFile(directory, "out", "");
        Path err = Files.createTempFile(directory, "err", "");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().remove("FINBACK_JAVA_OPTS");
        builder.environment().put("FINBACK_CLASS_ARCHIVE", "off");
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** A JDK whose java prints its arguments, one a line. */
    private Path java(String version) throws IOException {
        Path jdk = Files.createDirectories(directory.resolve("jdk-" + version));
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(
                jdk.resolve("bin/java"),
                "if [ \"$1\" = -version ]; then echo 'openjdk version \"" + version + "\"' >&2; exit 0; fi\n"
                        + "for argument in \"$@\"; do printf '%s\\n' \"$argument\"; done");
        return jdk;
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n", StandardCharsets.UTF_8);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
