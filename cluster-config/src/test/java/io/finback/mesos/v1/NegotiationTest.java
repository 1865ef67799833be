package io.finback.mesos.v1;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NegotiationTest {
    @Test
    void knowsItsTwoContentTypes() {
        assertThat(Negotiation.contentType("application/json")).contains(Encoding.JSON);
        assertThat(Negotiation.contentType("application/x-protobuf")).contains(Encoding.PROTOBUF);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json;charset=utf-8",
                "application/json; charset=UTF-8",
                "Application/JSON",
                "text/plain",
                ""
            })
    void refusesEveryOtherContentTypeAndParameters(String header) {
        assertThat(Negotiation.contentType(header)).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|JSON",
                "*/*|JSON",
                "application/*|JSON",
                "application/json|JSON",
                "application/x-protobuf|PROTOBUF",
                "application/x-protobuf, application/json|JSON",
                "text/html, application/x-protobuf;q=0.5|PROTOBUF",
                "application/json;q=0, application/x-protobuf|PROTOBUF",
                "application/json;q=0.001|JSON"
            })
    void prefersJsonWhereverItIsAccepted(String accept, Encoding encoding) {
        assertThat(Negotiation.accept(accept)).contains(encoding);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "foo", "application/json;q=0", "image/*"})
    void acceptsNothingElse(String accept) {
        assertThat(Negotiation.accept(accept)).isEqualTo(Optional.empty());
    }
}
