package io.finback.nodeagent.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.nodeagent.machine.ResourceText;
import io.finback.resources.Resources;
import org.junit.jupiter.api.Test;

class ResourceShapesTest {
    private static final Resources MIXED = ResourceText.resources("""
                    [{"name":"cpus","type":"SCALAR","scalar":{"value":4}},
                     {"name":"cpus","type":"SCALAR","scalar":{"value":2.5},"role":"eng"},
                     {"name":"ports","type":"RANGES","ranges":{"range":[{"begin":10,"end":20}]}},
                     {"name":"ports","type":"RANGES","ranges":{"range":[{"begin":30,"end":31}]},"role":"eng"},
                     {"name":"zones","type":"SET","set":{"item":["b","a"]}},
                     {"name":"disk","type":"SCALAR","scalar":{"value":300},
                      "disk":{"source":{"type":"MOUNT","mount":{"root":"/b"}}}}]
                    """).resources();

    @Test
    void sumsUpAllKinds() {
        JsonNode all = ResourceShapes.summed(MIXED);
        assertThat(all.path("cpus").asDouble()).isEqualTo(6.5);
        assertThat(all.path("disk").asDouble()).isEqualTo(300);
        assertThat(all.path("gpus").asDouble()).isZero();
        assertThat(all.path("ports").asText()).isEqualTo("[10-20, 30-31]");
        assertThat(all.path("zones").asText()).isEqualTo("{a, b}");
    }

    @Test
    void tellsReservedFromUnreserved() {
        JsonNode unreserved = ResourceShapes.summed(ResourceShapes.unreserved(MIXED));
        assertThat(unreserved.path("cpus").asDouble()).isEqualTo(4);
        assertThat(unreserved.path("disk").asDouble()).isEqualTo(300);
        JsonNode reserved = ResourceShapes.reserved(MIXED);
        assertThat(reserved.fieldNames()).toIterable().containsExactly("eng");
        assertThat(reserved.path("eng").path("cpus").asDouble()).isEqualTo(2.5);
        assertThat(reserved.path("eng").path("ports").asText()).isEqualTo("[30-31]");
    }

    @Test
    void showsEachOneInMesosForm() {
        assertThat(ResourceShapes.reservedFull(MIXED).path("eng").get(0).toString())
                .isEqualTo("{\"name\":\"cpus\",\"type\":\"SCALAR\",\"role\":\"eng\","
                        + "\"reservations\":[{\"type\":\"STATIC\",\"role\":\"eng\"}],\"scalar\":{\"value\":2.5}}");
        JsonNode full = ResourceShapes.full(ResourceShapes.unreserved(MIXED));
        assertThat(full).hasSize(4);
        assertThat(full.get(3).toString())
                .isEqualTo("{\"name\":\"disk\",\"type\":\"SCALAR\",\"role\":\"*\","
                        + "\"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/b\"}}},"
                        + "\"scalar\":{\"value\":300.0}}");
    }
}
