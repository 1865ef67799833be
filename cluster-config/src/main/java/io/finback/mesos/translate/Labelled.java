package io.finback.mesos.translate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.mesos.v1.Protos.Label;
import org.apache.mesos.v1.Protos.Labels;

/** Labels, and other small things that many messages share. */
public final class Labelled {
    private Labelled() {}

    /** Of two labels with the same key the last one counts; a label without value has an empty one. */
    public static Map<String, String> from(Labels labels) {
        Map<String, String> map = new LinkedHashMap<>();
        labels.getLabelsList().forEach(label -> map.put(label.getKey(), label.getValue()));
        return map;
    }

    public static Labels to(Map<String, String> map) {
        Labels.Builder labels = Labels.newBuilder();
        map.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> labels.addLabels(
                        Label.newBuilder().setKey(entry.getKey()).setValue(entry.getValue())));
        return labels.build();
    }

    public static IllegalArgumentException wrong(String field, Object value, String expected) {
        return new IllegalArgumentException(field + ": " + value + " (expected: " + expected + ")");
    }
}
