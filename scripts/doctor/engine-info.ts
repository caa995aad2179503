/** What the engine says of itself, as far as the doctor reads it. */

export interface EngineInfo {
  readonly ServerVersion: string;
  readonly Driver: string;
  readonly DriverStatus: readonly (readonly [string, string])[] | null;
  readonly CgroupVersion?: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly PidsLimit?: boolean;
  readonly CpuCfsQuota: boolean;
  readonly SecurityOptions: readonly string[] | null;
  readonly DockerRootDir: string;
  readonly InitBinary?: string;
  readonly Runtimes: Readonly<Record<string, unknown>> | null;
  readonly Plugins: { readonly Log: readonly string[] | null };
  readonly DefaultAddressPools?: readonly { readonly Base: string; readonly Size: number }[] | null;
}
