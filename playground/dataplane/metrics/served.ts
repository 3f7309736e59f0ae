/** One answered request. */
export interface Served {
  method: string;
  status: number;
  /** seconds */
  duration: number;
  /** the answer is the gateway's own: no endpoint, refused connection, timeout */
  own: boolean;
  /** the pod that answered, if known */
  pod?: string;
  /** status of a gRPC call */
  grpc?: number;
}
