// The console: a USB host that finds the guest's serial port, and passes bytes between it and a socket. Nothing is lost:
// where one side does not take bytes, the other one waits.

const PACKET = 64;
const MOST_WAITING = 1 << 16;

export class Console {
  // `onFull` is called when the reader does not take what the guest says, `onTaken` when it does again.
  constructor(USBCDC, chip, socket, { onFull, onTaken, onInput }) {
    this.usb = chip.usbCtrl;
    this.socket = socket;
    this.waiting = [];
    this.size = 0;
    this.room = 0; // what the guest has said that it would take
    this.cdc = new USBCDC(this.usb);
    this.cdc.onSerialData = (bytes) => {
      if (bytes.length && !socket.write(Buffer.from(bytes))) onFull();
    };
    // A terminal would not have seen the first prompt: ask for another.
    this.cdc.onDeviceConnected = () => this.send(Buffer.from('\r'));
    this.usb.onEndpointRead = (endpoint, size) => {
      if (endpoint === this.cdc.outEndpoint) {
        this.room = size;
        this.pass();
      }
    };
    socket.on('drain', onTaken);
    socket.on('data', (data) => {
      this.send(data);
      onInput();
    });
  }

  send(data) {
    this.waiting.push(data);
    this.size += data.length;
    if (this.size > MOST_WAITING) this.socket.pause();
    this.pass();
  }

  pass() {
    if (!this.room || !this.size) return;
    const most = Math.min(this.room, PACKET);
    const [first] = this.waiting;
    const packet = first.subarray(0, most);
    if (packet.length === first.length) this.waiting.shift();
    else this.waiting[0] = first.subarray(packet.length);
    this.size -= packet.length;
    this.room = 0;
    this.usb.endpointReadDone(this.cdc.outEndpoint, packet);
    if (this.size <= MOST_WAITING) this.socket.resume();
  }
}
