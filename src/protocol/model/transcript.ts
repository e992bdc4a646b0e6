/** The lines of the transcript, each exactly as the assignment's table has it. */

export const lines = {
  pingsSent: (first: number, second: number) =>
    `Ping requests sent to Peers ${first} and ${second}`,
  pingReceived: (from: number) => `Ping request message received from Peer ${from}`,
  pongReceived: (from: number) => `Ping response received from Peer ${from}`,
  joinForwarded: (joiner: number) => `Peer ${joiner} Join request forwarded to my successor`,
  joinReceived: (joiner: number) => `Peer ${joiner} Join request received`,
  successorChange: () => "Successor Change request received",
  joinAccepted: () => "Join request has been accepted",
  firstSuccessor: (id: number) => `My first successor is Peer ${id}`,
  secondSuccessor: (id: number) => `My second successor is Peer ${id}`,
  newFirstSuccessor: (id: number) => `My new first successor is Peer ${id}`,
  newSecondSuccessor: (id: number) => `My new second successor is Peer ${id}`,
  willDepart: (id: number) => `Peer ${id} will depart from the network`,
  notAlive: (id: number) => `Peer ${id} is no longer alive`,
  storeForwarded: (name: string) => `Store ${name} request forwarded to my successor`,
  storeAccepted: (name: string) => `Store ${name} request accepted`,
  requestSent: (name: string) => `File request for ${name} has been sent to my successor`,
  notStoredHere: (name: string) =>
    `Request for File ${name} has been received, but the file is not stored here`,
  storedHere: (name: string) => `File ${name} is stored here`,
  sendingFile: (name: string, to: number) => `Sending file ${name} to Peer ${to}`,
  fileSent: () => "The file has been sent",
  peerHadFile: (from: number, name: string) => `Peer ${from} had File ${name}`,
  receivingFile: (name: string, from: number) => `Receiving File ${name} from Peer ${from}`,
  fileReceived: (name: string) => `File ${name} received`,
} as const;
