package dev.shaula.storage;

import dev.shaula.memory.LittleEndianInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32C;

/** Reads what {@link BlockOutput} wrote; a block is handed out only after its checksum was found right. */
final class BlockInput implements LittleEndianInput {
    private final ReadableByteChannel channel;
    private final ByteBuffer head =
            ByteBuffer.allocateDirect(BlockOutput.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(BlockOutput.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int blocks;

    BlockInput(ReadableByteChannel channel) {
        this.channel = channel;
        block.limit(0);
    }

    @Override
    public int readInt() throws IOException {
        need(Integer.BYTES);
        return block.getInt();
    }

    @Override
    public long readLong() throws IOException {
        need(Long.BYTES);
        return block.getLong();
    }

    @Override
    public void readInts(int[] into, int from, int n) throws IOException {
        int at = from;
        while (at < from + n) {
            need(Integer.BYTES);
            int part = Math.min(from + n - at, block.remaining() / Integer.BYTES);
            block.asIntBuffer().get(into, at, part);
            block.position(block.position() + part * Integer.BYTES);
            at += part;
        }
    }

    @Override
    public void readBytes(byte[] into, int from, int n) throws IOException {
        int at = from;
        while (at < from + n) {
            need(1);
            int part = Math.min(from + n - at, block.remaining());
            block.get(into, at, part);
            at += part;
        }
    }

    /** Expects that everything was read, and nothing lies behind. */
    void end() throws IOException {
        if (block.hasRemaining() || nextBlock() != 0) {
            throw new IOException("block " + blocks + ": expected the end of the checkpoint, found more bytes");
        }
    }

    private void need(int bytes) throws IOException {
        if (block.hasRemaining() && block.remaining() < bytes) {
            throw new IOException(
                    "block " + blocks + ": expected " + bytes + " more bytes, found " + block.remaining());
        }
        if (!block.hasRemaining() && nextBlock() == 0) {
            throw new EOFException("block " + blocks + ": expected more bytes, found the end of the checkpoint");
        }
    }

    private int nextBlock() throws IOException {
        fill(head.clear());
        int length = head.getInt(0);
        if (length < 0 || length > BlockOutput.BLOCK_BYTES) {
            throw new IOException("block " + blocks + ": expected a length of at most " + BlockOutput.BLOCK_BYTES
                    + ", found " + length);
        }
        fill(block.clear().limit(length));
        CRC32C crc = new CRC32C();
        crc.update(block.flip().duplicate());
        if ((int) crc.getValue() != head.getInt(Integer.BYTES)) {
            throw new IOException("block " + blocks + ": its checksum is wrong");
        }
        blocks++;
        return length;
    }

    private void fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("block " + blocks + ": the file ends within it");
            }
        }
    }
}
