package io.finback.controlplane.allocation;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.wire.WireMessage;

/** The answer to an {@link OperatorCommand}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = OperatorReply.Done.class, name = "done"),
    @JsonSubTypes.Type(value = OperatorReply.Refused.class, name = "refused")
})
public sealed interface OperatorReply extends WireMessage {

    /** Journaled. */
    record Done() implements OperatorReply {}

    /** Nothing was changed. */
    record Refused(Why why, String message) implements OperatorReply {}

    /** What kind of refusal; in HTTP: 400, 404, 409, 409, 503. */
    enum Why {
        INVALID,
        NOT_FOUND,
        CONFLICT,
        /** The agent does not have what the command is about, free or not. */
        ABSENT,
        UNAVAILABLE
    }
}
