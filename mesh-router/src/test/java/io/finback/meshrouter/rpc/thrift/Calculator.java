package io.finback.meshrouter.rpc.thrift;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;

/**
 * A service as Thrift's compiler would generate it, on libthrift: {@code i32 add(1: i32 a, 2: i32 b) throws (1: Overflow e)} and
 * {@code oneway void note(1: string text)}. Unknown methods are answered as generated code answers them.
 */
public final class Calculator {
    private Calculator() {}

    /** The server's half. */
    public static final class Processor implements TProcessor {
        public final List<String> notes = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void process(TProtocol in, TProtocol out) throws TException {
            TMessage call = in.readMessageBegin();
            switch (call.name) {
                case "add" -> add(call, in, out);
                case "note" -> {
                    String text = "";
                    in.readStructBegin();
                    for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
                        text = in.readString();
                        in.readFieldEnd();
                    }
                    in.readStructEnd();
                    in.readMessageEnd();
                    notes.add(text);
                }
                case "breaks" -> throw new IllegalStateException("broken inside");
                default -> {
                    TProtocolUtil.skip(in, TType.STRUCT);
                    in.readMessageEnd();
                    out.writeMessageBegin(new TMessage(call.name, TMessageType.EXCEPTION, call.seqid));
                    new TApplicationException(
                                    TApplicationException.UNKNOWN_METHOD, "Invalid method name: '" + call.name + "'")
                            .write(out);
                    end(out);
                }
            }
        }

        private static void add(TMessage call, TProtocol in, TProtocol out) throws TException {
            int sum = 0;
            in.readStructBegin();
            for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
                sum += in.readI32();
                in.readFieldEnd();
            }
            in.readStructEnd();
            in.readMessageEnd();
            out.writeMessageBegin(new TMessage(call.name, TMessageType.REPLY, call.seqid));
            out.writeStructBegin(new TStruct("add_result"));
            if (sum >= 0) {
                out.writeFieldBegin(new TField("success", TType.I32, (short) 0));
                out.writeI32(sum);
            } else {
                out.writeFieldBegin(new TField("e", TType.STRUCT, (short) 1));
                out.writeStructBegin(new TStruct("Overflow"));
                out.writeFieldStop();
                out.writeStructEnd();
            }
            out.writeFieldEnd();
            out.writeFieldStop();
            out.writeStructEnd();
            end(out);
        }

        private static void end(TProtocol out) throws TException {
            out.writeMessageEnd();
            out.getTransport().flush();
        }
    }

    /** The client's half. */
    public static final class Client {
        private final TProtocol protocol;
        private int sequence;

        public Client(TProtocol protocol) {
            this.protocol = protocol;
        }

        public int add(int a, int b) throws TException {
            call("add", TMessageType.CALL, a, b);
            TMessage answer = protocol.readMessageBegin();
            if (answer.type == TMessageType.EXCEPTION) {
                TApplicationException failure = TApplicationException.readFrom(protocol);
                protocol.readMessageEnd();
                throw failure;
            }
            if (answer.seqid != sequence) {
                throw new TApplicationException(TApplicationException.BAD_SEQUENCE_ID);
            }
            protocol.readStructBegin();
            TField field = protocol.readFieldBegin();
            if (field.id != 0) {
                TProtocolUtil.skip(protocol, TType.STRUCT);
                TProtocolUtil.skip(protocol, TType.STRUCT);
                throw new TException("overflow");
            }
            int sum = protocol.readI32();
            protocol.readFieldEnd();
            TField stop = protocol.readFieldBegin();
            if (stop.type != TType.STOP) {
                throw new TException("more than a result");
            }
            protocol.readStructEnd();
            protocol.readMessageEnd();
            return sum;
        }

        public void note(String text) throws TException {
            protocol.writeMessageBegin(new TMessage("note", TMessageType.ONEWAY, ++sequence));
            protocol.writeStructBegin(new TStruct("note_args"));
            protocol.writeFieldBegin(new TField("text", TType.STRING, (short) 1));
            protocol.writeString(text);
            protocol.writeFieldEnd();
            protocol.writeFieldStop();
            protocol.writeStructEnd();
            protocol.writeMessageEnd();
            protocol.getTransport().flush();
        }

        /** Calls a method without arguments, and reads nothing but the message's kind. */
        public String unknown(String method) throws TException {
            call(method, TMessageType.CALL);
            TMessage answer = protocol.readMessageBegin();
            String text = answer.type == TMessageType.EXCEPTION
                    ? TApplicationException.readFrom(protocol).getMessage()
                    : "answered";
            protocol.readMessageEnd();
            return text;
        }

        private void call(String method, byte type, int... arguments) throws TException {
            protocol.writeMessageBegin(new TMessage(method, type, ++sequence));
            protocol.writeStructBegin(new TStruct(method + "_args"));
            short id = 0;
            for (int argument : arguments) {
                protocol.writeFieldBegin(new TField("a", TType.I32, ++id));
                protocol.writeI32(argument);
                protocol.writeFieldEnd();
            }
            protocol.writeFieldStop();
            protocol.writeStructEnd();
            protocol.writeMessageEnd();
            protocol.getTransport().flush();
        }
    }
}
