package io.finback.verification.serialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertAll;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.AgentId;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.MasterToAgent;
import io.finback.wire.WireMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every message and every persisted type of every module survives the wire, whoever adds one. */
class ProtocolTest {
    private static Wire wire;
    private static WireTypes types;

    @BeforeAll
    static void start() {
        wire = new Wire();
        types = WireTypes.shipped(wire.config());
    }

    @AfterAll
    static void stop() throws Exception {
        wire.close();
    }

    @Test
    void findsMessagesOfEveryKind() {
        assertThat(types.messages()).contains(AgentEnvelope.class, MasterToAgent.Launch.class);
    }

    @Test
    void everyMessageComesBackAsItWas() {
        Examples examples = wire.examples();
        assertAll(types.messages().stream().map(type -> () -> {
            List<Object> all = examples.of(type);
            assertThat(all).as(type.getName()).isNotEmpty();
            for (Object example : all) {
                roundTrip(example);
            }
        }));
    }

    @Test
    void everyMessageHasAShapeThatJacksonKeeps() {
        assertAll(types.messages().stream()
                .map(type -> () -> assertThat(WireTypes.defects(type)).isEmpty()));
    }

    @Test
    void everyPersistedTypeIsBound() {
        assertAll(types.persisted().stream()
                .map(type -> () -> assertThat(types.isBound(type))
                        .as(
                                "%s is persisted (expected: a WireMessage, or bound to jackson-cbor in reference.conf)",
                                type)
                        .isTrue()));
    }

    // What follows proves that the checks above can fail.

    record KeyedByRecord(Map<AgentId, String> names) implements WireMessage {}

    record Holds(Open open) implements WireMessage {}

    sealed interface Open {}

    record OneCase(String text) implements Open {}

    record Forgets(Half half) implements WireMessage {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes(@JsonSubTypes.Type(value = Listed.class, name = "listed"))
    sealed interface Half {}

    record Listed() implements Half {}

    record Unlisted() implements Half {}

    record HoldsAnything(List<Optional<Object>> things) implements WireMessage {}

    record Unserializable(Thread thread) implements WireMessage {}

    @Test
    void seesAMapWithKeysThatAreNoText() {
        assertThat(WireTypes.defects(KeyedByRecord.class))
                .singleElement()
                .asString()
                .contains("KeyedByRecord.names");
        assertThatThrownBy(() -> wire.examples().of(KeyedByRecord.class).forEach(ProtocolTest::roundTrip))
                .isInstanceOf(Throwable.class);
    }

    @Test
    void seesASealedFieldWithoutNames() {
        assertThat(WireTypes.defects(Holds.class)).hasSize(2);
        assertThatThrownBy(() -> wire.examples().of(Holds.class).forEach(ProtocolTest::roundTrip))
                .isInstanceOf(Throwable.class);
    }

    @Test
    void seesACaseThatWasForgotten() {
        assertThat(WireTypes.defects(Forgets.class)).singleElement().asString().contains("Unlisted");
    }

    @Test
    void seesWhatSaysNothingOfItsContent() {
        assertThat(WireTypes.defects(HoldsAnything.class))
                .singleElement()
                .asString()
                .contains("Object");
    }

    @Test
    void refusesATypeItCannotBuild() {
        assertThatThrownBy(() -> wire.examples().of(Unserializable.class))
                .hasMessageContaining("Unserializable.thread: no example of java.lang.Thread");
    }

    private static void roundTrip(Object example) {
        assertThat(wire.serializerOf(example)).as(example.getClass().getName()).isEqualTo(Wire.JACKSON_CBOR);
        assertThat(wire.read(wire.write(example), wire.manifest(example))).isEqualTo(example);
    }
}
