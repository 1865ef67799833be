package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import io.finback.controlplane.view.ClusterSnapshot;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ClusterApiTest {
    private static final MasterIdentity SELF = new MasterIdentity("m1", "127.0.0.1", 5050, "test", Instant.EPOCH);

    private final AtomicReference<ClusterSnapshot> view = new AtomicReference<>(ClusterSnapshot.EMPTY);
    private final AtomicInteger rendered = new AtomicInteger();
    private final ClusterApi api = new ClusterApi(
            view::get,
            () -> {
                rendered.incrementAndGet();
                return SELF;
            },
            Clock.systemUTC());

    @Test
    void showsNoClusterBeforeItKnowsOne() {
        for (String path :
                new String[] {"/state", "/master/state.json", "/slaves", "/frameworks", "/roles", "/tasks"}) {
            HttpResponse response = get(path);
            assertThat(response.status().intValue()).as(path).isEqualTo(503);
            assertThat(response.getHeader("Retry-After")).as(path).isPresent();
        }
        assertThat(get("/health").status().intValue()).isEqualTo(200);

        view.set(whole());
        assertThat(get("/state").status().intValue()).isEqualTo(200);
        assertThat(get("/tasks").status().intValue()).isEqualTo(200);
    }

    @Test
    void writesTheStateOncePerViewHoweverManyAsk() {
        view.set(whole());
        assertThat(get("/state").status().intValue()).isEqualTo(200);
        int once = rendered.get();
        for (int i = 0; i < 200; i++) {
            HttpResponse response = get("/state");
            assertThat(response.entity().getContentType()).isEqualTo(ContentTypes.APPLICATION_JSON);
        }
        assertThat(rendered.get()).isEqualTo(once);

        view.set(whole());
        assertThat(((HttpEntity.Strict) get("/state").entity()).getData().utf8String())
                .contains("\"slaves\"");
        assertThat(rendered.get()).isGreaterThan(once);
    }

    @Test
    void refusesOtherMethodsAndNamesThoseItTakes() {
        HttpResponse response = api.answer(HttpRequest.POST("/state"));
        assertThat(response.status().intValue()).isEqualTo(405);
        assertThat(response.getHeader("Allow").orElseThrow().value()).isEqualTo("GET, HEAD");
    }

    private HttpResponse get(String path) {
        return api.answer(HttpRequest.GET(path));
    }

    private static ClusterSnapshot whole() {
        return new ClusterSnapshot(true, List.of(), List.of(), Map.of());
    }
}
