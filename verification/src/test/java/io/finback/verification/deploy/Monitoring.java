package io.finback.verification.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is delivered for Prometheus and Grafana. */
public final class Monitoring {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Monitoring() {}

    /** Where {@code alerts.yaml} and {@code dashboard.json} are. */
    public static Path folder() {
        return Tree.k8s().resolve("monitoring");
    }

    static JsonNode dashboard() throws IOException {
        return JSON.readTree(folder().resolve("dashboard.json").toFile());
    }

    /** What the dashboard's panels ask Prometheus. */
    public static List<String> questionsOfTheDashboard() throws IOException {
        List<String> questions = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            panel.path("targets")
                    .forEach(target -> questions.add(target.path("expr").asText()));
        }
        return questions;
    }
}
