package dev.shaula.storage;

import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;

/** Blocks of up to {@value #BLOCK_BYTES} bytes, each behind its length and CRC32C; a block of length 0 is the end. */
final class BlockOutput implements LittleEndianOutput {
    static final int BLOCK_BYTES = 1 << 20;
    static final int HEAD_BYTES = 8;

    private final WritableByteChannel channel;
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(HEAD_BYTES + BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    BlockOutput(WritableByteChannel channel) {
        this.channel = channel;
        block.position(HEAD_BYTES);
    }

    @Override
    public void writeInt(int value) throws IOException {
        room(Integer.BYTES);
        block.putInt(value);
    }

    @Override
    public void writeLong(long value) throws IOException {
        room(Long.BYTES);
        block.putLong(value);
    }

    @Override
    public void writeInts(int[] values, int from, int n) throws IOException {
        for (int i = from; i < from + n; i++) {
            writeInt(values[i]);
        }
    }

    @Override
    public void writeBytes(byte[] bytes, int from, int n) throws IOException {
        int at = from;
        while (at < from + n) {
            room(1);
            int part = Math.min(from + n - at, block.remaining());
            block.put(bytes, at, part);
            at += part;
        }
    }

    /** Writes what is left and the end. */
    void end() throws IOException {
        flush();
        flush();
    }

    private void room(int bytes) throws IOException {
        if (block.remaining() < bytes) {
            flush();
        }
    }

    private void flush() throws IOException {
        int length = block.position() - HEAD_BYTES;
        block.flip();
        CRC32C crc = new CRC32C();
        crc.update(block.slice(HEAD_BYTES, length));
        block.putInt(0, length);
        block.putInt(Integer.BYTES, (int) crc.getValue());
        while (block.hasRemaining()) {
            channel.write(block);
        }
        block.clear().position(HEAD_BYTES);
    }
}
