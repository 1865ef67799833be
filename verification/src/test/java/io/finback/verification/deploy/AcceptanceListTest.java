package io.finback.verification.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/acceptance.md names tests: every one of them is there. */
class AcceptanceListTest {
    private static final Pattern NAMED = Pattern.compile("`(\\w+(?:Test|IT|Spec))(?:\\.(\\w+))?`");

    @Test
    void everyTestThatIsNamedIsThere() throws IOException {
        String text = Files.readString(Tree.root().resolve("docs/acceptance.md"));
        List<String> missing = new ArrayList<>();
        int named = 0;
        for (Matcher matcher = NAMED.matcher(text); matcher.find(); named++) {
            List<Path> sources = sources(matcher.group(1));
            String method = matcher.group(2);
            boolean there = method == null ? !sources.isEmpty() : contains(sources, "void " + method + "(");
            if (!there) {
                missing.add(matcher.group());
            }
        }
        assertThat(named).isGreaterThan(50);
        assertThat(missing).isEmpty();
    }

    private static boolean contains(List<Path> sources, String what) throws IOException {
        for (Path source : sources) {
            if (Files.readString(source).contains(what)) {
                return true;
            }
        }
        return false;
    }

    private static List<Path> sources(String name) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String module :
                List.of("cluster-config", "control-plane", "node-agent", "mesh-router", "cli", "verification")) {
            Path tests = Tree.root().resolve(module).resolve("src/test");
            try (Stream<Path> files = Files.walk(tests)) {
                files.filter(file -> {
                            String base = file.getFileName().toString();
                            return base.equals(name + ".java") || base.equals(name + ".scala");
                        })
                        .forEach(found::add);
            }
        }
        return found;
    }
}
