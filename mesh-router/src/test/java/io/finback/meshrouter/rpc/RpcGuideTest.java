package io.finback.meshrouter.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the programs of docs/rpc.md, and compares what they print with what it says. */
@Timeout(120)
class RpcGuideTest {
    private static final Path GUIDE = Path.of("..", "docs", "rpc.md");
    private static final Pattern PROGRAM = Pattern.compile(
            "```java\\n(.*?public class (\\w+) .*?)```\\s+(?:prints\\s+)?```text\\n(.*?)```", Pattern.DOTALL);

    private record Program(String name, String source, String output) {}

    private static List<Program> programs() throws Exception {
        List<Program> programs = new ArrayList<>();
        Matcher matcher = PROGRAM.matcher(Files.readString(GUIDE));
        while (matcher.find()) {
            programs.add(new Program(matcher.group(2), matcher.group(1), matcher.group(3)));
        }
        return programs;
    }

    @TestFactory
    Stream<DynamicTest> everyProgramRunsAsTheGuideSays(@TempDir Path directory) throws Exception {
        return programs().stream()
                .map(program -> DynamicTest.dynamicTest(program.name(), () -> runs(program, directory)));
    }

    private static void runs(Program program, Path directory) throws Exception {
        String classPath = System.getProperty("java.class.path");
        Path source = directory.resolve(program.name() + ".java");
        Files.writeString(source, program.source());
        StringWriter errors = new StringWriter();
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, UTF_8)) {
            boolean compiled = compiler.getTask(
                            errors,
                            files,
                            null,
                            List.of("-proc:none", "-d", directory.toString(), "-cp", classPath),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(errors.toString()).isTrue();
        }
        Process run = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        directory + File.pathSeparator + withoutLogs(classPath),
                        program.name())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(new String(run.getInputStream().readAllBytes(), UTF_8)).isEqualTo(program.output());
        assertThat(run.waitFor()).isZero();
    }

    /** A log that nobody has configured would be printed between. */
    private static String withoutLogs(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(entry -> !entry.contains("logback"))
                .reduce((a, b) -> a + File.pathSeparator + b)
                .orElseThrow();
    }

    @Test
    void theFirstProgramIsAsShortAsPromised() throws Exception {
        String body = programs().get(0).source().replaceFirst("(?s).*?public class", "public class");
        assertThat(body.lines().count()).isLessThanOrEqualTo(15);
    }
}
