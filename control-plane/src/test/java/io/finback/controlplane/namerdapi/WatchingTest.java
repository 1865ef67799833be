package io.finback.controlplane.namerdapi;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Sink;
import io.finback.controlplane.naming.NamesView;
import io.finback.controlplane.service.TestMaster;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WatchingTest {
    private final NamesView view = new NamesView();
    private final Watching watching = new Watching(view, 1);

    private HttpResponse watch() {
        return watching.stream(() -> Optional.of("x"), "application/json");
    }

    /** Each such client once took a place for ever, until nobody could watch any more. */
    @Test
    void whoIsGoneBeforeTheStreamBeginsTakesNoPlace() {
        ActorTestKit kit = ActorTestKit.create();
        try {
            HttpResponse gone = watch();
            assertThat(gone.status().intValue()).isEqualTo(200);
            HttpResponse first = watch();
            assertThat(first.status().intValue()).isEqualTo(200);
            var lines = first.entity().getDataBytes().runWith(Sink.queue(), kit.system());
            assertThat(TestMaster.get(lines.pull()).map(line -> line.utf8String()))
                    .contains("x\n");
            assertThat(watch().status().intValue()).as("max-watches").isEqualTo(503);
            // Begun at the same time as another one, for which there was still room.
            var late = gone.entity().getDataBytes().runWith(Sink.seq(), kit.system());
            assertThat(TestMaster.get(late)).isEmpty();
            lines.cancel();
            TestMaster.await("its place", () -> watch().status().intValue() == 200 && view.followers() == 0);
        } finally {
            kit.shutdownTestKit();
        }
    }
}
