package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocation.AllocationDelta;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Small documents of the cluster API. */
final class Documents {
    /** Mesos' form of a duration: {@code 10secs}. */
    private static final Pattern DURATION = Pattern.compile("[0-9]+(\\.[0-9]+)?(ns|us|ms|secs|mins|hrs|days|weeks)");

    private Documents() {}

    static Rope version(MasterIdentity self) {
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            to.json().writeStringField("version", self.version());
            to.json().writeEndObject();
        });
    }

    static Rope flags(SortedMap<String, String> flags) {
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            StateJson.writeFlags(flags, to.json());
            to.json().writeEndObject();
        });
    }

    static Rope numbers(Map<String, Double> numbers) {
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            for (Map.Entry<String, Double> number : numbers.entrySet()) {
                json.writeNumberField(number.getKey(), number.getValue());
            }
            json.writeEndObject();
        });
    }

    static Rope weights(AllocationDelta.Pool pool) {
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartArray();
            for (Map.Entry<String, Double> weight : new TreeMap<>(pool.weights()).entrySet()) {
                json.writeStartObject();
                json.writeStringField("role", weight.getKey());
                json.writeNumberField("weight", weight.getValue());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** Nothing here takes long enough to be cut short; but a wrong value is refused as Mesos does. */
    static void checkTimeout(Query query) {
        query.text("timeout").ifPresent(text -> {
            if (!DURATION.matcher(text).matches()) {
                throw ApiFailure.badRequest("timeout: " + text + " (expected: a duration such as 10secs)");
            }
        });
    }
}
