package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.controlplane.allocator.Explanation;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExplainEndpointTest {
    private static final Explanation EXPLANATION = new Explanation(
            "eng",
            List.of(),
            List.of(new Explanation.OfFramework(
                    FrameworkId.of("f1"),
                    2,
                    List.of(new Explanation.Reason(
                            Explanation.Why.FILTERED,
                            "refused until then",
                            3,
                            Optional.of(Instant.ofEpochSecond(1_700_000_000)),
                            List.of(AgentId.of("a1")))))),
            1);

    @Test
    void showsWhatTheAllocatorSaysAndAsksItOnceAtATime() throws Exception {
        try (ServedApi api = new ServedApi()) {
            assertThat(api.get("/finback/offers/explain").statusCode()).isEqualTo(400);
            var waiting = api.client()
                    .sendAsync(
                            HttpRequest.newBuilder(api.uri("/finback/offers/explain?role=eng&framework_id=f1"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofByteArray());
            api.until(() -> api.asked.size() == 1);
            HttpResponse<byte[]> second = api.get("/finback/offers/explain?role=eng");
            assertThat(second.statusCode()).isEqualTo(429);
            assertThat(second.headers().firstValue("Retry-After")).isPresent();
            assertThat(api.asked).containsExactly("eng f1");
            var unused = api.explanation.get().toCompletableFuture().complete(EXPLANATION);
            JsonNode answer = new ObjectMapper().readTree(waiting.get().body());
            JsonNode reason = answer.path("frameworks").path(0).path("reasons").path(0);
            assertThat(reason.path("why").asText()).isEqualTo("FILTERED");
            assertThat(reason.path("until").asText()).isEqualTo("2023-11-14T22:13:20Z");
            assertThat(reason.path("examples").path(0).asText()).isEqualTo("a1");
            assertThat(answer.path("more_frameworks").asInt()).isEqualTo(1);
            api.until(() -> api.get("/finback/offers/explain?role=eng").statusCode() == 200);
        }
    }
}
