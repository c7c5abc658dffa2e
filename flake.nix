{
  description = "Outpost: unattended data acquisition";

  inputs.nixpkgs.url = "github:nixos/nixpkgs/nixpkgs-unstable";

  outputs = { nixpkgs, ... }:
    let
      each = f: nixpkgs.lib.genAttrs nixpkgs.lib.systems.flakeExposed (system: f nixpkgs.legacyPackages.${system});
      linuxOnly = pkgs: pkgs.lib.optionals pkgs.stdenv.hostPlatform.isLinux [ pkgs.chromium pkgs.strace ];
    in
    {
      devShells = each (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.nodejs_24
            # The SQLite driver is compiled where no prebuilt one fits.
            pkgs.python3
            pkgs.gcc
            pkgs.gnumake
            # Looking at a site by hand.
            pkgs.sqlite
            pkgs.jq
            # What the tests and benchmarks talk to.
            pkgs.redis
            pkgs.mosquitto
            pkgs.openssl
            pkgs.postgresql
            pkgs.rclone
            pkgs.wrk
          ] ++ linuxOnly pkgs;
        };
      });
    };
}
