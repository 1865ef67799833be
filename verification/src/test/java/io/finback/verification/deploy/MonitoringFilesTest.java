package io.finback.verification.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** k8s/monitoring: alert rules and the dashboard ask for metrics there are, by the names and labels docs/metrics.md has. */
class MonitoringFilesTest {
    private static final Pattern USE = Pattern.compile("(finback_[a-z_]+)(?:\\{([a-z_]+)=)?");
    private static final Pattern ROW =
            Pattern.compile("^\\| `(finback_[a-z_]+)(?:\\{([a-z_,]+)})?` \\| (\\w+) \\|", Pattern.MULTILINE);

    @Test
    void everyMetricOfTheRulesIsDocumented() throws Exception {
        Map<?, ?> file = (Map<?, ?>)
                Manifests.documents(Files.readString(Monitoring.folder().resolve("alerts.yaml")))
                        .get(0);
        List<String> names = new ArrayList<>();
        assertThat(file.keySet()).hasToString("[groups]");
        for (Object group : (List<?>) file.get("groups")) {
            assertThat(((Map<?, ?>) group).keySet()).hasToString("[name, rules]");
            for (Object each : (List<?>) ((Map<?, ?>) group).get("rules")) {
                Map<?, ?> rule = (Map<?, ?>) each;
                String name = String.valueOf(rule.get("alert"));
                names.add(name);
                assertThat(Set.of("alert", "expr", "for", "labels", "annotations")
                                .containsAll(rule.keySet()))
                        .as(name)
                        .isTrue();
                assertThat(((Map<?, ?>) rule.get("labels")).get("severity"))
                        .as(name)
                        .isIn("critical", "warning");
                assertThat(((Map<?, ?>) rule.get("annotations")).keySet())
                        .as(name + " says what to do")
                        .hasToString("[summary, remedy]");
                documented(name, String.valueOf(rule.get("expr")));
            }
        }
        assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(20);
    }

    @Test
    void everyMetricOfTheDashboardIsDocumented() throws Exception {
        JsonNode dashboard = Monitoring.dashboard();
        Set<Integer> ids = new TreeSet<>();
        int panels = 0;
        for (JsonNode panel : dashboard.path("panels")) {
            assertThat(ids.add(panel.path("id").asInt())).as("ids are unique").isTrue();
            for (JsonNode target : panel.path("targets")) {
                documented(panel.path("title").asText(), target.path("expr").asText());
                panels++;
            }
        }
        assertThat(panels).isGreaterThan(30);
    }

    private static void documented(String where, String expression) throws Exception {
        Map<String, Set<String>> rows = rows();
        Matcher use = USE.matcher(expression);
        boolean any = false;
        while (use.find()) {
            any = true;
            String name = use.group(1);
            String base = name.endsWith("_bucket") && expression.contains("histogram_quantile")
                    ? name.substring(0, name.length() - "_bucket".length())
                    : name;
            assertThat(rows).as(where + ": " + expression).containsKey(base);
            if (use.group(2) != null) {
                assertThat(rows.get(base)).as(where + ": " + expression).contains(use.group(2));
            }
        }
        assertThat(any).as(where + " asks for a metric of ours").isTrue();
    }

    /** Name to labels. */
    private static Map<String, Set<String>> rows() throws Exception {
        String text = Files.readString(Tree.root().resolve("docs/metrics.md"));
        return ROW.matcher(text)
                .results()
                .collect(Collectors.toMap(
                        row -> row.group(1),
                        row -> row.group(2) == null
                                ? Set.of()
                                : Set.of(row.group(2).split(",", -1)),
                        (one, other) -> one));
    }
}
